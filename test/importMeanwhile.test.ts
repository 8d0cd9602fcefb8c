import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Field, FixedSizeList, Float32, Table, tableToIPC, vectorFromArray } from "apache-arrow";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runImportJob } from "../src/modules/featureImport/import.jobs.ts";
import { decodeId } from "../src/platform/ids.ts";
import { claimJob } from "../src/queue/jobs.ts";
import { createWorld, type World } from "./support/world.ts";

/** What others do while a file is taken in. */

let world: World;

beforeAll(async () => {
  world = await createWorld({ work: false });
  await world.ask('mutation { createStudy(input: {key: "atlas", name: "Atlas"}) { study { id } } }');
});
afterAll(() => world?.close());

/** A table of one slide in one line of patches. */
const tableOf = (slide: string, xs: readonly number[]): Uint8Array =>
  tableToIPC(
    new Table({
      slide: vectorFromArray(xs.map(() => slide)),
      x: vectorFromArray(Int32Array.from(xs)),
      y: vectorFromArray(Int32Array.from(xs, () => 0)),
      vector: vectorFromArray(
        xs.map((x) => [x, 1, 2]),
        new FixedSizeList(3, new Field("item", new Float32())),
      ),
    }),
    "stream",
  );

/** Queues an import of a folder; returns its parts, which a worker now does. */
const claimParts = async (folder: string) => {
  const { importFeatures } = await world.ask<{ importFeatures: { job: { id: string } | null; errors: unknown[] } }>(
    `mutation($paths: [String!]) { importFeatures(input: {studyKey: "atlas", featureSetKey: "tables", encoderKey: "uni",
      layout: ARROW, patchSize: 256, micronsPerPixel: 0.5, paths: $paths}) { job { id } errors { code message } } }`,
    { paths: [folder] },
  );
  expect(importFeatures.errors).toEqual([]);
  const { app } = world;
  const parentId = String(decodeId(importFeatures.job?.id ?? "")?.parts[0]);
  const parts = await app.prisma.job.findMany({ where: { parentId }, select: { id: true } });
  return Promise.all(
    parts.map(async ({ id }) => {
      const job = await claimJob(app.database, id, { id: randomUUID(), leaseSeconds: 60 });
      if (!job) throw new Error("A part is not there to be taken.");
      return job;
    }),
  );
};

const newFolder = async (name: string, files: Record<string, Uint8Array>): Promise<string> => {
  const folder = join(world.folder, name);
  await mkdir(folder);
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(folder, file), bytes);
  return folder;
};

const never = new AbortController().signal;

describe("a file that is written to while it is read", () => {
  it("is refused, and leaves nothing behind", async () => {
    const { app } = world;
    const folder = await newFolder("growing", { "V.arrow": tableOf("V", [0, 256]) });
    const [job] = await claimParts(folder);
    if (!job) throw new Error("The import has no part.");
    const transaction: typeof app.database.transaction = async (work) => {
      await writeFile(join(folder, "V.arrow"), tableOf("V", [0, 256, 512]));
      return app.database.transaction(work);
    };
    const run = runImportJob({ ...app, database: { ...app.database, transaction } });
    await expect(run(job, never)).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining('"V"') });
    expect(await app.prisma.slide.count({ where: { key: "V" } })).toBe(0);
  });
});

describe.skipIf(process.env.DATABASE_URL === undefined)("a slide in two files that two workers take at once", () => {
  it("is of the first one, and the other one is refused, though the slide was known before", async () => {
    const { app } = world;
    const run = runImportJob(app);
    const [seed] = await claimParts(await newFolder("seed", { "seed.arrow": tableOf("W", [0]) }));
    if (seed) await run(seed, never);
    const files = { "part-0.arrow": tableOf("W", [0, 256]), "part-1.arrow": tableOf("W", [512, 768, 1024]) };
    const jobs = await claimParts(await newFolder("torn", files));
    const { id } = await app.prisma.featureSet.findFirstOrThrow({ where: { key: "tables" } });
    const others = await app.database.pool.connect();
    await others.query(`BEGIN; LOCK TABLE features.vectors_${id} IN SHARE MODE`);
    const both = Promise.allSettled(jobs.map((job) => run(job, never)));
    const waiting = async () => {
      const { rows } = await app.database.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
      );
      return rows[0]?.count;
    };
    await expect.poll(waiting, { timeout: 20_000 }).toBe(2);
    await others.query("COMMIT");
    others.release();
    const ends = await both;
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(ends.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "CONFLICT" } });
    const { rows } = await app.database.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM features.vectors_${id}`,
    );
    const two = jobs.findIndex(({ payload }) => String(payload.file).endsWith("part-0.arrow"));
    expect(rows[0]?.count).toBe(ends[two]?.status === "fulfilled" ? 2 : 3);
  });
});
