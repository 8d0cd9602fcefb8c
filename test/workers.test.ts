import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededUniform } from "../src/platform/random.ts";
import { readWorkers } from "../src/queue/workers.ts";
import { isUnavailable } from "../src/store/unavailable.ts";
import { runCommand } from "./support/commandLine.ts";
import { writeTissue } from "./support/files.ts";
import { type OwnPostgres, otherUrl, runSql, startPostgres, whyNoPostgres } from "./support/postgres.ts";
import { logLines, startWorker, type TestWorker } from "./support/workers.ts";
import { createWorld, type World } from "./support/world.ts";

/** Real worker processes on a real PostgreSQL: killed, drained, refused. */

const reason = whyNoPostgres();
if (reason !== undefined) console.warn(`skipped: ${reason}`);

const SLIDES = 4;
const BATCH = 16;
const PATCH_SIZE = 48;
const EDGE_PIXELS = 1152;
const PATCHES = (EDGE_PIXELS / PATCH_SIZE) ** 2;
const KILLS = 10;

describe.skipIf(reason !== undefined)("workers", () => {
  let postgres: OwnPostgres;
  let databaseUrl: string;
  let world: World;
  let folder: string;
  const running = new Set<TestWorker>();

  beforeAll(async () => {
    postgres = await startPostgres("workers");
    // The test's server keeps no promises by default; here what it has answered must outlast its crash.
    await runSql(postgres.url, "CREATE DATABASE lasting", "ALTER DATABASE lasting SET synchronous_commit = on");
    databaseUrl = otherUrl(postgres.url, { database: "lasting" });
    folder = await mkdtemp(join(tmpdir(), "histoql-workers-"));
    world = await createWorld({ roots: [folder], work: false, config: { databaseUrl } });
    for (let index = 0; index < SLIDES; index++) {
      await writeTissue(join(folder, `s${index}.tif`), { edgePixels: EDGE_PIXELS, seed: index });
    }
    await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
    await world.ask(
      'mutation($path: String!) { registerSlides(input: {studyKey: "study", paths: [$path]}) { errors { code } } }',
      { path: join(folder, "*.tif") },
    );
  }, 60_000);
  afterAll(async () => {
    for (const worker of running) worker.child.kill("SIGKILL");
    await world?.close();
    await postgres?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const start = (name: string, args: readonly string[] = []): TestWorker => {
    const env = { HISTOQL_BATCH: String(BATCH), HISTOQL_LOG: "trace" };
    const worker = startWorker({ databaseUrl, folder, name, args: ["--concurrency", "1", ...args], env });
    running.add(worker);
    void worker.ended.then(() => running.delete(worker));
    return worker;
  };

  const embed = async (featureSetKey: string, keys?: readonly string[]): Promise<string> => {
    const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(
      "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { job { id } errors { code message } } }",
      {
        input: {
          slides: { studyKey: "study", ...(keys && { keys }) },
          encoderKey: "efficientnet-lite0",
          featureSetKey,
          grid: { patchSize: PATCH_SIZE, tissue: "NONE", minTissue: 0 },
        },
      },
    );
    return embedSlides.job.id;
  };

  type Stored = { counted: number; there: number; different: number };

  /** Vectors stored, by what is counted and by what is there; asked again where the database was away. */
  const stored = async (featureSetKey: string): Promise<Stored> => {
    try {
      return await readStored(featureSetKey);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      await delay(100);
      return stored(featureSetKey);
    }
  };

  const readStored = async (featureSetKey: string): Promise<Stored> => {
    const sets = await world.app.database.query<{ id: number }>("SELECT id FROM feature_set WHERE key = $1", [
      featureSetKey,
    ]);
    const { rows } = await world.app.database.query<Stored>(
      `SELECT (SELECT coalesce(sum(checkpoint), 0)::int FROM slide_features WHERE feature_set_id = $1) AS counted,
         count(*)::int AS there, count(DISTINCT patch_id)::int AS different FROM features.vectors_${sets.rows[0]?.id}`,
      [sets.rows[0]?.id],
    );
    return rows[0] as Stored;
  };

  it("are killed ten times, and the database once: every patch is embedded once, nobody lends a hand", async () => {
    const random = seededUniform(7);
    const job = await embed("killed");
    const logs: { stderr: string }[] = [];
    const pair = [start("one"), start("two")];
    const moments: number[] = [];
    // From the beginning to shortly before the end, however fast the machine is.
    const shares = Array.from({ length: KILLS }, () => 0.85 * random()).sort((a, b) => a - b);
    for (const [kill, share] of shares.entries()) {
      const which = Math.floor(random() * 2);
      const worker = pair[which] as TestWorker;
      await worker.ready;
      while ((await stored("killed")).counted < share * SLIDES * PATCHES) await delay(20);
      await delay(random() * 300);
      worker.child.kill("SIGKILL");
      await worker.ended;
      logs.push(worker.output());
      if (kill === KILLS / 2) await postgres.restart("immediate");
      const { counted, there, different } = await stored("killed");
      moments.push(counted);
      expect([there, different], `after kill ${kill + 1}: ${moments}`).toEqual([counted, counted]);
      pair[which] = start(which === 0 ? "one" : "two");
    }
    expect(moments.at(-1), `vectors at the kills: ${moments}`).toBeLessThan(SLIDES * PATCHES);
    expect(await world.jobEnd(job)).toBe("SUCCEEDED");
    expect(await stored("killed")).toEqual({
      counted: SLIDES * PATCHES,
      there: SLIDES * PATCHES,
      different: SLIDES * PATCHES,
    });
    for (const worker of pair) {
      worker.child.kill("SIGTERM");
      expect(await worker.ended).toBe(0);
      logs.push(worker.output());
    }
    const batches = logs.flatMap((log) => logLines(log, "batch").map(({ slide, from }) => `${slide} ${from}`));
    const repeated = batches.length - new Set(batches).size;
    console.log(`vectors at the kills: ${moments.join(", ")}; ${repeated} batches repeated`);
    expect(new Set(batches).size).toBe(SLIDES * Math.ceil(PATCHES / BATCH));
    // The crash of the database, too, may cost each of the two a batch.
    expect(repeated).toBeLessThanOrEqual(KILLS + 2);
  }, 180_000);

  it("are seen while they live, drain at SIGTERM and leave their slide to others", async () => {
    const job = await embed("drained", ["s0"]);
    const worker = start("leaver");
    await worker.ready;
    await expect.poll(async () => (await stored("drained")).counted, { timeout: 30_000 }).toBeGreaterThan(0);
    const [card] = await readWorkers(world.app.database);
    expect(card).toMatchObject({ name: "leaver", state: "WORKING", devices: ["cpu"], concurrency: 1, running: 1 });
    expect(await world.ask("{ workers { name kinds state running heartbeatAt } }")).toMatchObject({
      workers: [{ name: "leaver", kinds: expect.arrayContaining(["TILE", "EMBED"]), state: "WORKING", running: 1 }],
    });
    worker.child.kill("SIGTERM");
    expect(await worker.ended).toBe(0);
    expect(await readWorkers(world.app.database)).toEqual([]);
    const { rows } = await world.app.database.query<{ state: string; done: number; setbacks: number }>(
      "SELECT state, done, setbacks FROM job WHERE kind = 'EMBED' AND slide_id IS NOT NULL ORDER BY created_at DESC LIMIT 1",
    );
    // At once, not when a lease has run out; and it does not count against the slide.
    expect(rows[0]).toMatchObject({ state: "QUEUED", setbacks: 0 });
    expect((await stored("drained")).there).toBe(rows[0]?.done);
    expect(rows[0]?.done).toBeLessThan(PATCHES);
    const heir = start("heir", ["--kinds", "embed"]);
    expect(await world.jobEnd(job)).toBe("SUCCEEDED");
    const ended = await world.app.database.query<{ done_before: number }>(
      "SELECT done_before FROM job WHERE kind = 'EMBED' AND slide_id IS NOT NULL ORDER BY created_at DESC LIMIT 1",
    );
    expect(ended.rows[0]?.done_before).toBe(rows[0]?.done);
    heir.child.kill("SIGTERM");
    expect(await heir.ended).toBe(0);
  }, 90_000);

  it("leave alone what is not of their kinds", async () => {
    const worker = start("other", ["--kinds", "tile,train"]);
    const match = await worker.ready;
    expect(worker.output().stdout).toContain("other takes tile, train");
    expect(match).not.toBeNull();
    await embed("untouched", ["s1"]);
    await delay(1500);
    expect((await stored("untouched")).there).toBe(0);
    worker.child.kill("SIGTERM");
    expect(await worker.ended).toBe(0);
  }, 60_000);

  it("need the devices that were named for what runs graphs, and for nothing else", async () => {
    const tiler = start("tiler", ["--kinds", "tile,export", "--device", "cuda:99"]);
    await tiler.ready;
    tiler.child.kill("SIGTERM");
    expect(await tiler.ended).toBe(0);
  }, 60_000);

  it("of another version are refused with words, those that run already as well", async () => {
    const old = start("old");
    await old.ready;
    await world.app.database.query("UPDATE installation SET version = '9.1.0'");
    expect(await old.ended).toBe(1);
    expect(old.output().stderr).toMatch(/CONFLICT: The database belongs to HistoQL 9\.1\.0; this is 0\./);
    const late = start("late");
    expect(await late.ended).toBe(1);
    expect(late.output().stderr).toMatch(/fix: Install HistoQL 9\.1\.0 here/);
    await world.app.database.query("UPDATE installation SET version = $1", [world.app.version]);
    const overtaken = start("overtaken");
    await overtaken.ready;
    await world.app.database.query(
      "UPDATE _prisma_migrations SET migration_name = '29991231000000_later' WHERE migration_name LIKE '%_jobs'",
    );
    expect(await overtaken.ended).toBe(1);
    expect(overtaken.output().stderr).toMatch(/CONFLICT: Another version of HistoQL has changed the database's tables/);
    const strange = start("strange");
    expect(await strange.ended).toBe(1);
    expect(strange.output().stderr).toMatch(/CONFLICT: The database has migration 29991231000000_later/);
    await world.app.database.query(
      "UPDATE _prisma_migrations SET migration_name = '20261124010000_jobs' WHERE migration_name = '29991231000000_later'",
    );
  }, 60_000);
});

it("refuses to start without a device that was named, before it takes any job", async () => {
  const nowhere = { DATABASE_URL: "postgresql://nobody@127.0.0.1:1/none" };
  const cardless = runCommand(["worker", "--device", "cpu,cuda:99"], nowhere);
  expect(await cardless.ended).toBe(1);
  expect(cardless.output().stderr).toMatch(/A device that was chosen does not run here: cuda:99: /);
  expect(cardless.output().stderr).toMatch(/fix: .*doctor/);
});

it("refuses the embedded database, and kinds that there are not", async () => {
  const embedded = runCommand(["worker"], {});
  expect(await embedded.ended).toBe(1);
  expect(embedded.output().stderr).toMatch(/there, the worker runs inside serve/);
  const idle = runCommand(["serve", "--no-work"], {});
  expect(await idle.ended).toBe(1);
  expect(idle.output().stderr).toMatch(/Nobody would do the work/);
  const unknown = runCommand(["worker", "--kinds", "embed,paint"], {});
  expect(await unknown.ended).toBe(1);
  expect(unknown.output().stderr).toMatch(/no jobs of kind "paint"/);
  const nobodys = runCommand(["worker", "--kinds", "ingest"], {});
  expect(await nobodys.ended).toBe(1);
  expect(nobodys.output().stderr).toMatch(/no jobs of kind "ingest"/);
}, 30_000);
