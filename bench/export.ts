import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { readConfig } from "../src/platform/config.ts";
import { encodeId } from "../src/platform/ids.ts";
import { createApp } from "../src/server/app.ts";
import { copyOut } from "../src/store/copyOut.ts";
import type { Database } from "../src/store/database.ts";
import { vectorTable } from "../src/store/vectors.ts";
import { type RunningCommand, runCommand } from "../test/support/commandLine.ts";
import { ownDatabase } from "../test/support/world.ts";
import { type ExportStudy, storeExportStudy } from "./exportData.ts";
import { measureImport } from "./exportImport.ts";
import { atLeast, atMost, type Bench, fact, median, type Report } from "./figure.ts";
import { onPostgres } from "./postgres.ts";

/**
 * Vectors out of PostgreSQL, which DATABASE_URL names, in a database of its own there: as Arrow from a server in a process of
 * its own, beside `COPY … TO STDOUT (FORMAT binary)` of the same rows, in turns. Both are read by this process, which looks
 * at nothing. `--rows` says how many (250,000), `--dims` of how many numbers (576).
 */

const ROUNDS = 5;
const PAGE = 200;
const PAGES = 10;

type Precision = "FLOAT16" | "FLOAT32";
type Exported = { url: string; rows: number };

const ask = async <Data>(url: string, query: string, variables: object): Promise<Data> => {
  const answer = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data: Data; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
};

const askExport = async (url: string, featureSet: string, precision: Precision): Promise<Exported> => {
  const { exportFeatures } = await ask<{ exportFeatures: Exported & { errors: unknown[] } }>(
    url,
    "mutation($input: ExportFeaturesInput!) { exportFeatures(input: $input) { url rows errors { message } } }",
    { input: { featureSet, precision, columns: ["age", "grade"] } },
  );
  if (exportFeatures.errors.length > 0) throw new Error(JSON.stringify(exportFeatures.errors));
  return exportFeatures;
};

/** What an Arrow stream ends with, and behind it the response. */
const END_MARK = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
const END = Buffer.concat([END_MARK, Buffer.from("\r\n0\r\n\r\n")]);

/** Reads an answer into memory that is used again, as little as a client can do. @throws Error when a stream has no end */
const drain = (url: string, end?: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const { hostname, port, host, pathname, search } = new URL(url);
    let last: Buffer = Buffer.alloc(0);
    const callback = (bytes: number, memory: Uint8Array): boolean => {
      const piece = Buffer.from(memory.buffer, memory.byteOffset, bytes);
      last = Buffer.concat([last, piece.subarray(-END.length)]).subarray(-END.length);
      return true;
    };
    connect({ host: hostname, port: Number(port), onread: { buffer: Buffer.alloc(2 ** 18), callback } })
      .on("error", reject)
      .on("close", () => (end && !last.equals(end) ? reject(new Error("The stream broke off.")) : resolve()))
      .write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  });

const COPY_MEMORY = Buffer.alloc(2 ** 20);

const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};

const copy = (database: Database, featureSetId: number, expected: number): Promise<number> =>
  secondsOf(async () => {
    let rows = 0;
    const onRow = (_at: number, kept: number) => {
      rows++;
      return kept;
    };
    await copyOut(
      database,
      `COPY (SELECT patch_id, slide_id, patient_id, v FROM ${vectorTable(featureSetId)}) TO STDOUT (FORMAT binary)`,
      { memory: COPY_MEMORY, onRow },
    );
    if (rows !== expected) throw new Error(`COPY gave ${rows} rows.`);
  });

const residentBytes = async ({ child }: RunningCommand): Promise<number | null> => {
  const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
  const kilobytes = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
};

/** Looks at the server while `work` runs: the most memory that it held, and the longest that a small request waited. */
const watch = async (server: RunningCommand, url: string, work: () => Promise<void>) => {
  let peak = await residentBytes(server);
  let longestMs = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const began = performance.now();
      await drain(`${url}/health`);
      longestMs = Math.max(longestMs, performance.now() - began);
      const now = await residentBytes(server);
      peak = peak === null || now === null ? null : Math.max(peak, now);
      await new Promise((wake) => setTimeout(wake, 20));
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
  }
  return { peak, longestMs };
};

/** Vectors a second through plain GraphQL: pages of as many nodes as one may ask for. */
const graphqlRate = async (url: string, featureSet: string, ids: readonly string[]): Promise<number> => {
  const seconds = await secondsOf(async () => {
    for (let from = 0; from < ids.length; from += PAGE) {
      await ask(
        url,
        "query($ids: [ID!]!, $featureSet: ID!) { nodes(ids: $ids) { ... on Patch { id x y size slide { key patient { key clinical } } vector(featureSet: $featureSet) } } }",
        { ids: ids.slice(from, from + PAGE), featureSet },
      );
    }
  });
  return ids.length / seconds;
};

const someIds = async ({ url }: Exported, count: number): Promise<string[]> => {
  const response = await fetch(url);
  const table = tableFromIPC(await response.bytes());
  return Array.from({ length: Math.min(count, table.numRows) }, (_, row) => String(table.getChild("patch")?.get(row)));
};

const measure = async (
  database: Database,
  study: ExportStudy,
  server: RunningCommand,
  rows: number,
  dims: number,
  report: Report,
): Promise<void> => {
  const [url = ""] = await server.said(/http:\/\/[^\s/]+/);
  const featureSet = encodeId("FeatureSet", study.studyKey, study.featureSetKey);
  const stream = async (precision: Precision): Promise<number> => {
    const exported = await askExport(url, featureSet, precision);
    return secondsOf(() => drain(exported.url, END));
  };
  const untouched = await residentBytes(server);
  // Both have their tables in memory and their code compiled from here on.
  await copy(database, study.featureSetId, rows);
  await stream("FLOAT16");
  await stream("FLOAT32");
  await new Promise((wake) => setTimeout(wake, 1000));
  const idle = await residentBytes(server);
  const took = { copy: [] as number[], FLOAT16: [] as number[], FLOAT32: [] as number[] };
  const ratios = { FLOAT16: [] as number[], FLOAT32: [] as number[] };
  const { peak, longestMs } = await watch(server, url, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const precision of ["FLOAT16", "FLOAT32"] as const) {
        const copied = await copy(database, study.featureSetId, rows);
        const streamed = await stream(precision);
        took.copy.push(copied);
        took[precision].push(streamed);
        ratios[precision].push(copied / streamed);
      }
    }
  });
  const rate = (seconds: readonly number[]) => rows / median(seconds);
  const note = `${rows} × ${dims}, COPY ${Math.round(rate(took.copy))} rows/s`;
  report(atLeast("arrow_f16_vs_copy", median(ratios.FLOAT16), "ratio", 0.7, note));
  report(atLeast("arrow_f32_vs_copy", median(ratios.FLOAT32), "ratio", 0.5, note));
  report(fact("copy_rows", rate(took.copy), "rows/s", "COPY TO STDOUT (FORMAT binary)"));
  report(fact("arrow_f16_rows", rate(took.FLOAT16), "rows/s"));
  report(fact("arrow_f32_rows", rate(took.FLOAT32), "rows/s"));
  const growthOver = (before: number | null) => (before === null || peak === null ? null : (peak - before) / 1e6);
  report(atMost("server_growth_mb", growthOver(idle), "MB", 200, `over ${Math.round((idle ?? 0) / 1e6)} MB`));
  report(fact("server_growth_from_start_mb", growthOver(untouched), "MB", "over a server that nobody has asked yet"));
  report(fact("longest_wait_ms", longestMs, "ms", "of a small request, during exports"));
  const ids = await someIds(await askExport(url, featureSet, "FLOAT16"), PAGE * PAGES);
  const pages = await graphqlRate(url, featureSet, ids);
  report(fact("graphql_rows", pages, "rows/s", `pages of ${PAGE}, vectors in base64`));
  report(fact("graphql_pages_vs_arrow", pages / rate(took.FLOAT32), "ratio", "share of the Arrow stream's rate"));
};

const measureExport = async (url: string, report: Report, rows: number, dims: number): Promise<void> => {
  const database = await ownDatabase(url);
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const env = { HISTOQL_DATA: folder, HISTOQL_LOG: "warn", DATABASE_URL: database.url };
  try {
    const app = await createApp(readConfig(env), { work: false });
    try {
      const study = await storeExportStudy(app, rows, dims);
      const server = runCommand(["serve", "--port", "0"], env);
      try {
        await measure(app.database, study, server, rows, dims, report);
      } finally {
        server.child.kill();
        await server.ended;
      }
    } finally {
      await app.close();
    }
  } finally {
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
};

const wholeNumber = (name: string, text: string | undefined, otherwise: number): number => {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`--${name} takes a whole number.`);
};

export const exports: Bench = async (report, options = {}) => {
  const rows = wholeNumber("rows", options.rows, 250_000);
  const dims = wholeNumber("dims", options.dims, 576);
  const imported = {
    files: wholeNumber("files", options.files, 300),
    rowsPerFile: wholeNumber("rows-per-file", options["rows-per-file"], 3334),
    dims: wholeNumber("import-dims", options["import-dims"], 512),
  };
  await onPostgres("arrow_f16_vs_copy", report, async (url) => {
    await measureExport(url, report, rows, dims);
    await measureImport(url, report, imported);
  });
};
