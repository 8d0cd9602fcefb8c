import { randomUUID } from "node:crypto";
import { get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { tableFromIPC } from "apache-arrow";
import { fastify } from "fastify";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runExportJob } from "../src/modules/export/export.jobs.ts";
import { exportBatches, type RowsRequest, versionOf } from "../src/modules/export/export.rows.ts";
import { createExportSweep } from "../src/modules/export/export.sweep.ts";
import { decodeId, encodeId } from "../src/platform/ids.ts";
import { claimJob } from "../src/queue/jobs.ts";
import { releaseJob } from "../src/queue/leases.ts";
import { addBulkRoutes } from "../src/server/bulk.ts";
import { startServer } from "../src/server/start.ts";
import type { Database } from "../src/store/database.ts";
import { readExportSlides } from "../src/store/exportSlides.ts";
import { createVectorTable } from "../src/store/vectors.ts";
import { storeMilStudy } from "./support/milStudy.ts";
import { createWorld, type World } from "./support/world.ts";

/** What is particular to streams: many readings, slow readers, many readers, and what changes meanwhile. */

const PATIENTS = 5;
const PATCHES = 21;

let world: World;
let server: { url: string; close(): Promise<void> };
let featureSetId: number;
let request: RowsRequest;

beforeAll(async () => {
  world = await createWorld({ work: false, config: { port: 0 } });
  server = await startServer(world.app);
  ({ featureSetId } = await storeMilStudy(world, "glioma", PATIENTS));
  const slides = await readExportSlides(world.app.database, featureSetId, {});
  request = {
    studyKey: "glioma",
    source: { featureSetId, dims: 6, filter: {}, codebook: null, places: "STORED" },
    slides,
    version: versionOf(slides),
    after: undefined,
    rows: PATIENTS * PATCHES,
    attention: null,
  };
});
afterAll(async () => {
  await server.close();
  await world.close();
});

type Row = { id: string; halves: number[] };

/** Batches share their memory, so rows are copied before the next one; `useMs` after they came. */
const rowsOf = async (some: Partial<RowsRequest>, { useMs = 0 } = {}): Promise<Row[]> => {
  const rows: Row[] = [];
  for await (const { rows: count, ids, halves } of exportBatches(world.app.database, { ...request, ...some })) {
    if (useMs > 0) await new Promise((wake) => setTimeout(wake, useMs));
    for (let row = 0; row < count; row++) {
      const id = Buffer.from(ids.bytes.subarray(ids.offsets[row], ids.offsets[row + 1])).toString();
      rows.push({ id, halves: [...halves.subarray(row * 6, row * 6 + 6)] });
    }
  }
  return rows;
};

/** Notes how often rows are read, on either database. */
const counting = (database: Database): { database: Database; reads(): number } => {
  let reads = 0;
  const noted: Database = {
    ...database,
    query: (text, values) => {
      reads++;
      return database.query(text, values);
    },
    pool: new Proxy(database.pool, {
      get: (pool, name) => {
        if (name === "connect") reads++;
        const value: unknown = Reflect.get(pool, name);
        return typeof value === "function" ? value.bind(pool) : value;
      },
    }),
  };
  return { database: noted, reads: () => reads };
};

describe("rows", () => {
  it("are the same in the same order, however few are read at a time", async () => {
    const whole = await rowsOf({});
    expect(new Set(whole.map(({ id }) => id)).size).toBe(PATIENTS * PATCHES);
    for (const rowsARead of [1, 2, 5, 9, 10, 100]) {
      expect(await rowsOf({ readBytes: rowsARead * 12 })).toEqual(whole);
    }
  });

  it("lie where their cells say, which is where they are stored", async () => {
    const source = { ...request.source, places: "CELLS" as const };
    expect(await rowsOf({ source })).toEqual(await rowsOf({}));
    expect(await rowsOf({ source, readBytes: 5 * 12 })).toEqual(await rowsOf({}));
  });

  it("stay as they are while they are used, also where a reading ahead finds none", async () => {
    const whole = await rowsOf({});
    // Slides of nine patches: every reading of nine ends where a slide does, and the one behind it is empty.
    expect(await rowsOf({ readBytes: 9 * 12 }, { useMs: 30 })).toEqual(whole);
  });

  it("pass a filter, however few are left at a time", async () => {
    const { rows } = await world.app.database.query<{ id: number }>(
      `SELECT patch_id AS id FROM features.vectors_${featureSetId} ORDER BY patch_id OFFSET 4 LIMIT 40`,
    );
    const patchIds = rows.map(({ id }) => id).filter((_, index) => index % 3 === 0);
    const source = { ...request.source, filter: { patchIds } };
    const whole = await rowsOf({ source, rows: patchIds.length });
    expect(whole).toEqual((await rowsOf({})).filter((_, row) => row >= 4 && row < 44 && (row - 4) % 3 === 0));
    for (const rowsARead of [1, 3, 50]) {
      expect(await rowsOf({ source, rows: patchIds.length, readBytes: rowsARead * 12 })).toEqual(whole);
    }
  });

  it("are read one reading ahead of whoever takes them, and no further", async () => {
    const { database, reads } = counting(world.app.database);
    const batches = exportBatches(database, { ...request, readBytes: 4 * 12 });
    await batches.next();
    await new Promise((wake) => setTimeout(wake, 200));
    expect(reads()).toBe(2);
    await batches.return(undefined);
    expect(reads()).toBe(2);
  });

  it("are looked for no longer than somebody waits, however few pass a filter", async () => {
    const stop = new AbortController();
    const { database, reads } = counting(world.app.database);
    const noted: Database = {
      ...database,
      query: (text, values) => {
        if (reads() === 1) stop.abort();
        return database.query(text, values);
      },
      pool: new Proxy(database.pool, {
        get: (pool, name) => {
          if (name === "connect" && reads() === 1) stop.abort();
          return Reflect.get(pool, name);
        },
      }),
    };
    const source = { ...request.source, filter: { patchIds: [1] } };
    const batches = exportBatches(noted, { ...request, source, rows: 0, readBytes: 12 }, stop.signal);
    await expect(batches.next()).rejects.toThrow("aborted");
    expect(reads()).toBe(2);
  });

  it("break off when there are other ones than there were", async () => {
    const { database } = world.app;
    const batches = exportBatches(database, { ...request, readBytes: 4 * 12 });
    await batches.next();
    const { rows } = await database.query(
      `DELETE FROM features.vectors_${featureSetId} WHERE patch_id = (SELECT max(patch_id) FROM features.vectors_${featureSetId}) RETURNING *, v::text AS v`,
    );
    const rest = async () => {
      for await (const { rows: count } of batches) expect(count).toBeGreaterThan(0);
    };
    await expect(rest()).rejects.toMatchObject({ code: "CONFLICT" });
    const [row] = rows as { patch_id: number; slide_id: number; patient_id: number; v: string }[];
    await database.query(
      `INSERT INTO features.vectors_${featureSetId} (patch_id, slide_id, patient_id, v) VALUES ($1, $2, $3, $4::halfvec)`,
      [row?.patch_id, row?.slide_id, row?.patient_id, row?.v],
    );
    expect(await rowsOf({})).toHaveLength(PATIENTS * PATCHES);
  });
});

describe("slides that are replaced meanwhile by as many other vectors", () => {
  it("do not end a stream as if it were of one piece", async () => {
    const { database } = world.app;
    const batches = exportBatches(database, { ...request, readBytes: 4 * 12 });
    await batches.next();
    const { rows } = await database.query<{ slide_id: number; completed_at: Date }>(
      "SELECT slide_id, completed_at FROM slide_features WHERE feature_set_id = $1 ORDER BY slide_id DESC LIMIT 1",
      [featureSetId],
    );
    const setTime = (time: Date | null) =>
      database.query("UPDATE slide_features SET completed_at = $3 WHERE feature_set_id = $1 AND slide_id = $2", [
        featureSetId,
        rows[0]?.slide_id,
        time,
      ]);
    await setTime(new Date());
    const rest = async () => {
      for await (const { rows: count } of batches) expect(count).toBeGreaterThan(0);
    };
    await expect(rest()).rejects.toMatchObject({ code: "CONFLICT" });
    await setTime(rows[0]?.completed_at ?? null);
    expect(await rowsOf({})).toHaveLength(PATIENTS * PATCHES);
  });
});

describe("files of a job", () => {
  type Files = { url: string; job: { id: string; state: string } };
  const askFiles = async (): Promise<Files> => {
    const { exportFeatures } = await world.ask<{ exportFeatures: Files }>(
      "mutation($id: ID!) { exportFeatures(input: {featureSet: $id, format: PARQUET}) { url job { id state } } }",
      { id: encodeId("FeatureSet", "glioma", "cnn") },
    );
    return {
      ...exportFeatures,
      url: `${server.url}${exportFeatures.url.slice(new URL(exportFeatures.url).origin.length)}`,
    };
  };

  it("have no list before the job has ended", async () => {
    const { url, job } = await askFiles();
    expect(job.state).toBe("QUEUED");
    const answer = await fetch(url);
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([409, "CONFLICT"]);
  });

  it("go on behind the last one when the job was interrupted", async () => {
    const { url, job } = await askFiles();
    const { app } = world;
    const id = String(decodeId(job.id)?.parts[0]);
    const row = () => app.prisma.export.findFirstOrThrow({ where: { jobId: id } });
    const stop = new AbortController();
    const artefacts = {
      ...app.artefacts,
      async put(bytes: Uint8Array) {
        const digest = await app.artefacts.put(bytes);
        if (++puts === 2) stop.abort();
        return digest;
      },
    };
    let puts = 0;
    const begin = async (signal: AbortSignal) => {
      const claimed = await claimJob(app.database, id, { id: randomUUID(), leaseSeconds: 60 });
      if (!claimed) throw new Error("The job is not there to be taken.");
      // Ten rows a file.
      await runExportJob({ ...app, artefacts }, 10 * 6 * 4)(claimed, signal).finally(() =>
        releaseJob(app.database, claimed),
      );
    };
    await expect(begin(stop.signal)).rejects.toThrow();
    const first = (await row()).shards as { sha256: string }[];
    expect([first.length, (await row()).manifestDigest]).toEqual([2, null]);
    await begin(new AbortController().signal);
    // Each file once, and the manifest.
    const shards = (await row()).shards as { rows: number; sha256: string }[];
    expect(shards.slice(0, 2)).toEqual(first);
    expect(puts).toBe(shards.length + 1);
    const manifest = (await (await fetch(url)).json()) as { files: { rows: number; url: string }[] };
    const read = await Promise.all(
      manifest.files.map(async (file) =>
        parquetReadObjects({ file: await (await fetch(file.url)).arrayBuffer(), compressors }),
      ),
    );
    expect(read.flat().map(({ patch }) => patch)).toEqual((await rowsOf({})).map((each) => each.id));
  });

  it("are not called whole when those before an interruption have changed since", async () => {
    const { job } = await askFiles();
    const { app } = world;
    const id = String(decodeId(job.id)?.parts[0]);
    const claimed = await claimJob(app.database, id, { id: randomUUID(), leaseSeconds: 60 });
    if (!claimed) throw new Error("The job is not there to be taken.");
    const row = await app.prisma.export.findFirstOrThrow({ where: { jobId: id } });
    const all = await rowsOf({});
    // As if one row of the first ten had been deleted after the others were counted.
    const shards = [{ rows: 9, bytes: 1, sha256: "0".repeat(64), last: all[9]?.id }];
    await app.prisma.export.update({ where: { id: row.id }, data: { shards } });
    await expect(runExportJob(app)(claimed, new AbortController().signal)).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await app.prisma.export.findUniqueOrThrow({ where: { id: row.id } })).manifestDigest).toBeNull();
    await releaseJob(app.database, claimed);
  });

  it("are taken away once they have expired, and no others", async () => {
    const { app } = world;
    const write = async () => {
      const { url, job } = await askFiles();
      const claimed = await claimJob(app.database, String(decodeId(job.id)?.parts[0]), {
        id: randomUUID(),
        leaseSeconds: 60,
      });
      if (!claimed) throw new Error("The job is not there to be taken.");
      await runExportJob(app)(claimed, new AbortController().signal);
      await releaseJob(app.database, claimed);
      const { files } = (await (await fetch(url)).json()) as { files: { sha256: string; url: string }[] };
      const row = await app.prisma.export.findFirstOrThrow({ where: { jobId: claimed.id } });
      return { id: row.id, digests: [...files.map(({ sha256 }) => sha256), row.manifestDigest ?? ""], files };
    };
    // Of the same rows.
    const [old, other] = [await write(), await write()];
    const present = ({ digests }: typeof old) => Promise.all(digests.map((digest) => app.artefacts.has(digest)));
    const sweep = createExportSweep(app);
    await sweep();
    expect(await present(old)).toEqual([true, true]);
    await app.prisma.export.update({ where: { id: old.id }, data: { expiresAt: new Date(Date.now() - 3_600_000) } });
    await sweep();
    expect([await present(old), await present(other)]).toEqual([
      [false, false],
      [true, true],
    ]);
    expect((await fetch(other.files[0]?.url ?? "")).status).toBe(200);
    expect((await fetch(old.files[0]?.url ?? "")).status).toBe(410);
  });
});

describe("a large stream", () => {
  const ROWS = 70_000;
  const DIMS = 64;
  const NUMBER = 3;

  /** One slide with so many vectors; number n of a vector tells its row, modulo what a half holds exactly. */
  beforeAll(async () => {
    const { database } = world.app;
    const { rows } = await database.query<{ id: number }>(
      `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, digest)
       SELECT study_id, 'large', encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, '{}', ${DIMS}, md5('large')
       FROM feature_set WHERE id = $1 RETURNING id`,
      [featureSetId],
    );
    const id = rows[0]?.id as number;
    await createVectorTable(database, id, DIMS);
    const grids = await database.query<{ id: number; slide_id: number; patient_id: number }>(
      `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
         microns_per_pixel_x, microns_per_pixel_y, columns, rows, step_x, step_y, size_x, size_y, patches, tissue_share, mask_digest)
       SELECT slide_id, md5('large'), patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
         microns_per_pixel_x, microns_per_pixel_y, 1000, 70, 224, 224, 224, 224, ${ROWS}, 0.5, ''
       FROM patch_grid ORDER BY id LIMIT 1 RETURNING id, slide_id, (SELECT patient_id FROM slide WHERE slide.id = slide_id) AS patient_id`,
    );
    const grid = grids.rows[0] as { id: number; slide_id: number; patient_id: number };
    await database.query(
      `INSERT INTO features.patch (id, x, y, tissue_share) SELECT $1::int8 * 16777216 + cell, cell % 1000 * 224, cell / 1000 * 224, 1
       FROM generate_series(0, ${ROWS - 1}) AS cell`,
      [grid.id],
    );
    await database.query(
      `INSERT INTO features.vectors_${id} (patch_id, slide_id, patient_id, v)
       SELECT $1::int8 * 16777216 + cell, $2, $3, (array_fill(0::real, ARRAY[${NUMBER}]) || (cell % 2048)::real || array_fill(1::real, ARRAY[${DIMS - NUMBER - 1}]))::halfvec
       FROM generate_series(0, ${ROWS - 1}) AS cell`,
      [grid.id, grid.slide_id, grid.patient_id],
    );
    await database.query(
      "INSERT INTO slide_features (feature_set_id, slide_id, grid_id, vectors, checkpoint, is_complete, completed_at) VALUES ($1, $2, $3, $4, $4, true, now())",
      [id, grid.slide_id, grid.id, ROWS],
    );
  });

  const ask = async (): Promise<string> => {
    const { exportFeatures } = await world.ask<{ exportFeatures: { url: string } }>(
      "mutation($id: ID!) { exportFeatures(input: {featureSet: $id}) { url } }",
      { id: encodeId("FeatureSet", "glioma", "large") },
    );
    return `${server.url}${exportFeatures.url.slice(new URL(exportFeatures.url).origin.length)}`;
  };

  /** An answer of which nothing is read. */
  const open = async (): Promise<IncomingMessage> => {
    const url = await ask();
    return new Promise((resolve, reject) => {
      get(url, { agent: false }, resolve).on("error", reject);
    });
  };

  it("comes whole and in order", async () => {
    const table = tableFromIPC(await (await fetch(await ask())).bytes());
    expect(table.numRows).toBe(ROWS);
    let row = 0;
    let strange = 0;
    for (const batch of table.batches) {
      const [x, vectors] = ["x", "vector"].map((name) => batch.getChild(name));
      const numbers = vectors?.data[0]?.children[0]?.values as Float32Array;
      for (let place = 0; place < batch.numRows; place++, row++) {
        const isRight =
          x?.get(place) === (row % 1000) * 224 &&
          numbers[place * DIMS + NUMBER] === row % 2048 &&
          numbers[place * DIMS + DIMS - 1] === 1;
        if (!isRight) strange++;
      }
    }
    expect(strange).toBe(0);
  });

  it("goes on with just the rows that are missing, wherever it broke off", async () => {
    const url = await ask();
    const idsOf = async (address: string) =>
      [...(tableFromIPC(await (await fetch(address)).bytes()).getChild("patch") ?? [])] as string[];
    const whole = await idsOf(url);
    for (const row of [0, 16_383, 16_384, 65_535, 65_536, ROWS - 2]) {
      const rest = await idsOf(`${url}&after=${whole[row]}`);
      expect([rest.length, rest[0], rest.at(-1)]).toEqual([ROWS - row - 1, whole[row + 1], whole.at(-1)]);
      expect(new Set(rest).size).toBe(rest.length);
    }
  });

  it("leaves a client without an end when it cannot be finished", async () => {
    const url = await ask();
    await world.app.database.query("UPDATE export SET rows = rows + 1 WHERE id = $1", [
      new URL(url).pathname.match(/[0-9a-f-]{36}/)?.[0],
    ]);
    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    await expect(answer.bytes()).rejects.toThrow();
  });

  it("leaves even a client of HTTP 1.0 without an end", async () => {
    const url = new URL(await ask());
    await world.app.database.query("UPDATE export SET rows = rows + 1 WHERE id = $1", [
      url.pathname.match(/[0-9a-f-]{36}/)?.[0],
    ]);
    const ended = new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname, () =>
        socket.write(`GET ${url.pathname}${url.search} HTTP/1.0\r\nHost: ${url.host}\r\n\r\n`),
      );
      socket.on("error", reject).on("end", resolve).resume();
    });
    await expect(ended).rejects.toMatchObject({ code: "ECONNRESET" });
  });

  it("tells by HEAD what a GET would begin with, and counts no reading", async () => {
    const url = await ask();
    const answer = await fetch(url, { method: "HEAD" });
    expect([answer.status, answer.headers.get("x-histoql-rows")]).toEqual([200, String(ROWS)]);
    const id = new URL(url).pathname.match(/[0-9a-f-]{36}/)?.[0];
    expect((await world.app.prisma.export.findUniqueOrThrow({ where: { id } })).reads).toBe(0);
  });

  it("lets others in when its readers take nothing for long", async () => {
    const impatient = fastify();
    addBulkRoutes(impatient, world.app, { stallMs: 500 });
    const origin = await impatient.listen({ host: "127.0.0.1", port: 0 });
    const paths = await Promise.all(Array.from({ length: 5 }, ask));
    const stalled = await Promise.all(
      paths.slice(1).map(
        (url) =>
          new Promise<IncomingMessage>((resolve, reject) => {
            const { pathname, search } = new URL(url);
            get(`${origin}${pathname}${search}`, { agent: false }, resolve).on("error", reject);
          }),
      ),
    );
    const { pathname, search } = new URL(paths[0] as string);
    const other = () => fetch(`${origin}${pathname}${search}`);
    const connections = () =>
      new Promise<number>((resolve, reject) =>
        impatient.server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      );
    expect(stalled.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    await expect.poll(connections, { timeout: 20_000 }).toBe(0);
    expect((await other()).status).toBe(200);
    for (const answer of stalled) answer.destroy();
    await impatient.close();
  });

  it("waits for slow readers without much memory, serves the graph meanwhile, and lets only some in", async () => {
    const before = process.memoryUsage.rss();
    const slow = await Promise.all(Array.from({ length: 4 }, open));
    expect(slow.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 200]);
    const fifth = await open();
    expect([fifth.statusCode, fifth.headers["retry-after"]]).toEqual([503, "5"]);
    fifth.destroy();
    await new Promise((wake) => setTimeout(wake, 300));
    expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
    const { study } = await world.ask<{ study: { name: string } }>('{ study(key: "glioma") { name } }');
    expect(study.name).toBe("glioma");
    for (const answer of slow) answer.destroy();
    await expect.poll(async () => (await fetch(await ask())).status, { timeout: 5000 }).toBe(200);
  });
});
