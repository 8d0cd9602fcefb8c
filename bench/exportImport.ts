import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importFeatures } from "../src/modules/featureImport/importFeatures.service.ts";
import { createLoaders } from "../src/modules/loaders.ts";
import { LOCAL_VIEWER } from "../src/platform/authorisation.ts";
import { readConfig } from "../src/platform/config.ts";
import { seededUniform } from "../src/platform/random.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { BINARY_HEADER, BINARY_TRAILER, copyIn } from "../src/store/copyIn.ts";
import { copyOut } from "../src/store/copyOut.ts";
import { createVectorTable, vectorTable } from "../src/store/vectors.ts";
import { writeTrident } from "../test/support/featureFiles.ts";
import { ownDatabase } from "../test/support/world.ts";
import { atLeast, fact, type Report } from "./figure.ts";

/**
 * Files in TRIDENT's layout (HDF5, chunks of one row, as it writes them) into PostgreSQL, from the mutation until the last
 * row is committed, beside COPY BINARY of the very same rows from memory into tables with the same indexes.
 */

const FILES_AT_ONCE = 2;

const writeFiles = async (folder: string, files: number, rows: number, dims: number): Promise<void> => {
  const random = seededUniform(5);
  const features = new Float32Array(rows * dims);
  for (let file = 0; file < files; file++) {
    for (let index = 0; index < features.length; index++) features[index] = random() * 4 - 2;
    const name = `P${String(file).padStart(4, "0")}`;
    await writeTrident(join(folder, `${name}.h5`), name, features, dims);
  }
};

/** Reading alone, from the page cache where the machine has it. */
const readRate = async (folder: string): Promise<number> => {
  const began = performance.now();
  let bytes = 0;
  for (const name of await readdir(folder)) bytes += (await readFile(join(folder, name))).length;
  return bytes / 2 ** 20 / ((performance.now() - began) / 1000);
};

const until = async (isDone: () => Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await new Promise((wake) => setTimeout(wake, 50));
};

/** Seconds until every file is committed, and until the job has ended. */
const importAll = async (app: RunningApp, folder: string, files: number): Promise<{ rows: number; job: number }> => {
  const context = {
    app,
    viewer: LOCAL_VIEWER,
    loaders: createLoaders(app),
    baseUrl: "http://bench",
    signal: new AbortController().signal,
  };
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  const job = await importFeatures(context, {
    studyKey: "bench",
    featureSetKey: "trident",
    encoderKey: "uni",
    layout: "TRIDENT_H5",
    paths: [folder],
    level: "PATCH",
  });
  await until(async () => {
    const { rows } = await app.database.query<{ complete: number; failed: number }>(
      `SELECT (SELECT count(*) FROM slide_features WHERE is_complete) AS complete,
         (SELECT count(*) FROM job WHERE state = 'FAILED') AS failed`,
    );
    if (rows[0]?.failed) throw new Error("A file was refused.");
    return rows[0]?.complete === files;
  });
  const rows = seconds();
  await until(async () => {
    const found = await app.prisma.job.findUniqueOrThrow({ where: { id: job.id } });
    return found.state !== "QUEUED" && found.state !== "RUNNING";
  });
  return { rows, job: seconds() };
};

/** Behind the rows, for the driver's messages. */
const MARGIN_BYTES = 2 ** 20;
const PIECE_BYTES = 4 * 2 ** 20;

/** So many rows of a fixed length as COPY BINARY gives them, some megabytes a piece. */
const copyToMemory = async (app: RunningApp, statement: string, rowBytes: number, rows: number): Promise<Buffer[]> => {
  const memory = Buffer.allocUnsafeSlow(rows * rowBytes + MARGIN_BYTES);
  await copyOut(app.database, `COPY (${statement}) TO STDOUT (FORMAT binary)`, {
    memory,
    onRow(at, kept) {
      // With its field count, of two bytes.
      memory.copyWithin(kept, at - 2, at - 2 + rowBytes);
      return kept + rowBytes;
    },
  });
  const pieces = Array.from({ length: Math.ceil((rows * rowBytes) / PIECE_BYTES) }, (_, index) =>
    memory.subarray(index * PIECE_BYTES, Math.min(rows * rowBytes, (index + 1) * PIECE_BYTES)),
  );
  return [BINARY_HEADER, ...pieces, BINARY_TRAILER];
};

const copyAll = async (app: RunningApp, count: number): Promise<{ seconds: number; rows: number }> => {
  const { database, prisma } = app;
  const set = await prisma.featureSet.findFirstOrThrow({ where: { key: "trident" } });
  const vectors = await copyToMemory(
    app,
    `SELECT patch_id, slide_id, patient_id, v FROM ${vectorTable(set.id)}`,
    2 + (4 + 8) + 2 * (4 + 4) + 4 + 4 + 2 * set.dims,
    count,
  );
  const patches = await copyToMemory(
    app,
    "SELECT id, x, y, tissue_share FROM features.patch",
    2 + (4 + 8) + 3 * (4 + 4),
    count,
  );
  const other = set.id + 1;
  await createVectorTable(database, other, set.dims);
  await database.query("CREATE TABLE features.bench_patch (LIKE features.patch INCLUDING ALL)");
  await database.query("CHECKPOINT");
  const began = performance.now();
  const rows = await database.transaction(async (client) => {
    await copyIn(client, "COPY features.bench_patch (id, x, y, tissue_share) FROM STDIN (FORMAT binary)", patches);
    return copyIn(
      client,
      `COPY ${vectorTable(other)} (patch_id, slide_id, patient_id, v) FROM STDIN (FORMAT binary)`,
      vectors,
    );
  });
  return { seconds: (performance.now() - began) / 1000, rows };
};

/** Reports `import_vs_copy`, and what it is made of. */
export const measureImport = async (
  url: string,
  report: Report,
  { files, rowsPerFile, dims }: { files: number; rowsPerFile: number; dims: number },
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const own = await ownDatabase(url);
  try {
    await writeFiles(folder, files, rowsPerFile, dims);
    const megabytesPerSecond = await readRate(folder);
    const dataFolder = await mkdtemp(join(tmpdir(), "histoql-bench-data-"));
    const config = readConfig(
      { HISTOQL_DATA: dataFolder, HISTOQL_LOG: "error", HISTOQL_PROVIDERS: "cpu", DATABASE_URL: own.url },
      { roots: [folder] },
    );
    const app = await createApp(config, { work: { concurrency: FILES_AT_ONCE } });
    try {
      await app.database.query("INSERT INTO study (key, name) VALUES ('bench', 'Bench')");
      const imported = await importAll(app, folder, files);
      const copied = await copyAll(app, files * rowsPerFile);
      const rates = { import: copied.rows / imported.rows, copy: copied.rows / copied.seconds };
      const note = `${files} files × ${rowsPerFile} × ${dims}: ${Math.round(rates.import)} rows/s, COPY ${Math.round(rates.copy)} rows/s`;
      report({
        ...atLeast("import_vs_copy", rates.import / rates.copy, "ratio", 0.7, note),
        details: { files, rows: copied.rows, dims, importSeconds: imported.rows, copySeconds: copied.seconds },
      });
      report(fact("import_job_s", imported.job, "s", "with the summaries of all slides"));
      report(fact("import_read_mb_s", megabytesPerSecond, "MB/s", "the files read alone"));
    } finally {
      await app.close();
      await rm(dataFolder, { recursive: true, force: true });
    }
  } finally {
    await own.drop();
    await rm(folder, { recursive: true, force: true });
  }
};
