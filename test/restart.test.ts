import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { startQueue } from "../src/queue/queue.ts";
import { startServer } from "../src/server/start.ts";
import { runCommand } from "./support/commandLine.ts";
import { writeTissue } from "./support/files.ts";
import { type OwnPostgres, otherUrl, runSql, startPostgres, whyNoPostgres } from "./support/postgres.ts";
import { createWorld, type World } from "./support/world.ts";

/** PostgreSQL restarts, and crashes, under a HistoQL that queries and embeds; nobody restarts HistoQL. */

const reason = whyNoPostgres();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const BATCH = 16;
const PATCH_SIZE = 48;
const PATCHES = 42 * 42;

type Answer = {
  status: number;
  body: { data?: unknown; errors?: { message: string; extensions: Record<string, unknown> }[] };
};

describe.skipIf(reason !== undefined)("a restart of PostgreSQL", () => {
  let postgres: OwnPostgres;
  let world: World;
  let server: { url: string; close(): Promise<void> };
  let slides: string;

  beforeAll(async () => {
    postgres = await startPostgres("restart");
    // The test's server keeps no promises by default; here what it has answered must outlast its crash.
    await runSql(postgres.url, "CREATE DATABASE lasting", "ALTER DATABASE lasting SET synchronous_commit = on");
    const databaseUrl = otherUrl(postgres.url, { database: "lasting" });
    slides = await mkdtemp(join(tmpdir(), "histoql-restart-"));
    await mkdir(join(slides, "slides"));
    await writeTissue(join(slides, "slides/one.tif"), { edgePixels: 2048, seed: 3 });
    world = await createWorld({ roots: [slides], config: { databaseUrl, port: 0, batchSize: BATCH } });
    server = await startServer(world.app);
    await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
    await world.ask(
      'mutation($path: String!) { registerSlides(input: {studyKey: "study", paths: [$path]}) { errors { code } } }',
      { path: join(slides, "slides") },
    );
  }, 60_000);
  afterAll(async () => {
    await server?.close();
    await world?.close();
    await postgres?.stop();
    if (slides) await rm(slides, { recursive: true });
  });

  const ask = async (query: string): Promise<Answer> => {
    const response = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
    });
    return { status: response.status, body: (await response.json()) as Answer["body"] };
  };
  /** Through Prisma, and through statements of our own. */
  const QUERY =
    '{ study(key: "study") { slides(first: 5) { totalCount nodes { key patient { key } } } } jobs(first: 3) { totalCount } }';
  const isAnswer = ({ body }: Answer) => body.errors === undefined;

  it("fails the queries under way with what to do, and none after", async () => {
    expect(isAnswer(await ask(QUERY))).toBe(true);
    const answers: Answer[] = [];
    let isOver = false;
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) answers.push(await ask(QUERY));
    });
    for (const mode of ["fast", "immediate", "fast"] as const) {
      await delay(150);
      await postgres.restart(mode);
    }
    const restarted = answers.length;
    // The server answers again; those that were under way may still fail.
    await delay(300);
    isOver = true;
    await Promise.all(clients);
    const failed = answers.filter((answer) => !isAnswer(answer));
    expect(failed.length).toBeGreaterThan(0);
    for (const { body } of failed) {
      for (const error of body.errors ?? []) {
        expect(error).toMatchObject({
          message: "The database cannot be reached at the moment.",
          extensions: { code: "DATABASE_UNAVAILABLE", fix: expect.stringMatching(/Ask again in a moment/) },
        });
        expect(JSON.stringify(error)).not.toMatch(/stack|node_modules|127\.0\.0\.1/);
      }
    }
    expect(answers.slice(restarted + clients.length).every(isAnswer)).toBe(true);
    for (let index = 0; index < 12; index++) expect(isAnswer(await ask(QUERY))).toBe(true);
  }, 60_000);

  const EMBED = (featureSet: string) => `mutation {
    embedSlides(input: {slides: {studyKey: "study"}, encoderKey: "efficientnet-lite0", featureSetKey: "${featureSet}", grid: {patchSize: ${PATCH_SIZE}, tissue: NONE, minTissue: 0}}) {
      featureSet { id } job { id } errors { code message }
    }
  }`;

  const checkpointOf = async (): Promise<number> => {
    const rows = await world.app.database
      .query<{ checkpoint: number }>("SELECT coalesce(max(checkpoint), 0)::int AS checkpoint FROM slide_features")
      .then((result) => result.rows)
      .catch(() => []);
    return rows[0]?.checkpoint ?? -1;
  };

  it("holds an embedding up, which goes on by itself and has every vector once", async () => {
    type Embedded = { embedSlides: { featureSet: { id: string }; job: { id: string } } };
    const { embedSlides } = await world.ask<Embedded>(EMBED("interrupted"));
    const moments: number[] = [];
    for (const [mode, share] of [
      ["immediate", 0.15],
      ["fast", 0.4],
      ["immediate", 0.65],
    ] as const) {
      while ((await checkpointOf()) < share * PATCHES) await delay(10);
      await postgres.restart(mode);
      let checkpoint = -1;
      while (checkpoint < 0) checkpoint = await checkpointOf();
      moments.push(checkpoint);
      expect(checkpoint % BATCH, `checkpoints ${moments}`).toBe(0);
    }
    expect(
      moments.every((checkpoint) => checkpoint > 0 && checkpoint < PATCHES),
      `checkpoints ${moments}`,
    ).toBe(true);
    // Where the database is away, asking for the job fails, too.
    await expect
      .poll(async () => (await ask(`{ job(id: "${embedSlides.job.id}") { state } }`)).body, { timeout: 150_000 })
      .toEqual({
        data: { job: { state: "SUCCEEDED" } },
      });
    const again = await world.ask<Embedded>(EMBED("whole"));
    expect(await world.jobEnd(again.embedSlides.job.id)).toBe("SUCCEEDED");
    // After a crash PostgreSQL leaves out numbers of a sequence.
    const sets = await world.app.database.query<{ id: number }>("SELECT id FROM feature_set ORDER BY id");
    const [interrupted, whole] = sets.rows.map(({ id }) => `features.vectors_${id}`);
    const { rows } = await world.app.database.query(
      `SELECT count(*) AS patches, count(DISTINCT patch_id) AS different, count(*) FILTER (WHERE a.v::text = b.v::text) AS alike,
         (SELECT count(*) FROM features.patch) AS stored, (SELECT count(*) FROM job_failure) AS failures
       FROM ${interrupted} AS a FULL JOIN ${whole} AS b USING (patch_id)`,
    );
    expect(rows[0]).toEqual({ patches: PATCHES, different: PATCHES, alike: PATCHES, stored: PATCHES, failures: 0 });
  }, 240_000);

  it("holds a person's ingest up, which ends as if nothing had been", async () => {
    // A database of its own: in the other one the server of these tests would take the jobs.
    const personal = otherUrl(postgres.url, { database: "personal" });
    await runSql(postgres.url, "CREATE DATABASE personal");
    const ingest = runCommand(
      [
        "ingest",
        join(slides, "slides"),
        ...["--study", "person", "--feature-set", "cnn", "--patch-size", String(PATCH_SIZE), "--tissue", "NONE"],
      ],
      { HISTOQL_DATA: join(slides, "data"), HISTOQL_BATCH: String(BATCH), DATABASE_URL: personal },
    );
    await ingest.said(/Embedding/);
    const countVectors = () =>
      runSql(personal, "SELECT coalesce(sum(vectors), 0)::int AS vectors FROM slide_features").then(
        ([row]) => Number(row?.vectors),
        () => 0,
      );
    let vectors = 0;
    while (vectors === 0) vectors = await countVectors();
    expect(vectors).toBeLessThan(PATCHES / 2);
    await postgres.restart("fast");
    expect(await ingest.ended, ingest.output().stderr).toBe(0);
    expect(ingest.output().stdout).toMatch(new RegExp(`one +embedded +${PATCHES}`));
    expect(await countVectors()).toBe(PATCHES);
    const [stored] = await runSql(personal, "SELECT count(*)::int AS vectors FROM features.vectors_1");
    expect(stored).toEqual({ vectors: PATCHES });
  }, 180_000);

  it("loses no job whose message was taken and not yet claimed", async () => {
    const { database, log } = world.app;
    const { rows } = await database.query<{ id: string }>(
      `INSERT INTO job (id, kind, payload, created_by) VALUES (gen_random_uuid(), 'CODEBOOK', '{}', 'test') RETURNING id`,
    );
    const id = rows[0]?.id as string;
    const seen: string[] = [];
    const queue = await startQueue(database, log);
    // Nobody sends a message for it: as if its taker had died. Beginning to work finds it.
    await queue.work({ CODEBOOK: async (job) => void seen.push(job.id) }, { concurrency: 1 });
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual([id]);
    await expect.poll(() => world.jobEnd(encodeId("Job", id)), { timeout: 5000 }).toBe("SUCCEEDED");
    await queue.stop();
  });
});
