import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Database, openDatabase } from "../src/store/database.ts";
import { runCommand } from "./support/commandLine.ts";
import { writeTissue } from "./support/files.ts";
import { ownDatabase } from "./support/world.ts";

/** `kill -9` at random moments of one slide, and the same command again, until it is done. */

const BATCH = 16;
const PATCH_SIZE = 48;
const PATCHES = 42 * 42;
const KILLS = 3;
const MAX_ATTEMPTS = 20;

let folder: string;
let given: Awaited<ReturnType<typeof ownDatabase>> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-resume-"));
  given = process.env.DATABASE_URL ? await ownDatabase(process.env.DATABASE_URL) : undefined;
  await mkdir(join(folder, "slides"));
  await writeTissue(join(folder, "slides/one.tif"), { edgePixels: 2048, seed: 3 });
});
afterAll(async () => {
  await given?.drop();
  await rm(folder, { recursive: true, force: true });
});

const ingest = (featureSet: string) =>
  runCommand(
    [
      "ingest",
      join(folder, "slides"),
      ...["--study", "study", "--feature-set", featureSet, "--patch-size", String(PATCH_SIZE), "--tissue", "NONE"],
    ],
    { HISTOQL_DATA: join(folder, "data"), HISTOQL_BATCH: String(BATCH), DATABASE_URL: given?.url },
  );

/** Looks into the database while no process has it. */
const inDatabase = async <Result>(look: (database: Database) => Promise<Result>): Promise<Result> => {
  const database = await openDatabase({ url: given?.url, dataFolder: join(folder, "data") });
  try {
    return await look(database);
  } finally {
    await database.close();
  }
};

type State = {
  checkpoint: number;
  vectors: number;
  /** Vectors that are not those of the first `checkpoint` patches of the grid in reading order (strips of 16 columns), and patches of these without one. */
  astray: number;
  missing: number;
  done: number;
  done_before: number;
  attempts: number;
};

const stateOf = (): Promise<State> =>
  inDatabase(async (database) => {
    // A given server outlives the killed worker, whose lease must run out first: here that minute has passed.
    await database.query("UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'RUNNING'");
    const { rows } = await database.query<State>(
      `WITH features AS (SELECT * FROM slide_features WHERE feature_set_id = 1),
       begun AS (
         SELECT patch.id FROM features.patch JOIN patch_grid AS grid ON grid.id = patch.id / 16777216
         WHERE grid.id = (SELECT grid_id FROM features)
         ORDER BY patch.id % 16777216 % grid.columns / 16, patch.id LIMIT (SELECT checkpoint FROM features)
       )
       SELECT coalesce((SELECT checkpoint FROM features), 0) AS checkpoint,
         (SELECT count(*) FROM features.vectors_1) AS vectors,
         (SELECT count(*) FROM features.vectors_1 WHERE patch_id NOT IN (SELECT id FROM begun)) AS astray,
         (SELECT count(*) FROM begun WHERE id NOT IN (SELECT patch_id FROM features.vectors_1)) AS missing,
         job.done, job.done_before, job.attempts
       FROM job WHERE job.slide_id IS NOT NULL AND job.result_id = '1'`,
    );
    expect(rows).toHaveLength(1);
    return rows[0] as State;
  });

it("loses nothing, repeats nothing and gives the same vectors, however often it is killed", async () => {
  let before = 0;
  let delayMs = 600;
  const kills: string[] = [];
  for (let attempt = 1; kills.length < KILLS && attempt <= MAX_ATTEMPTS; attempt++) {
    const command = ingest("killed");
    await command.said(/Embedding/);
    const after = delayMs * (0.5 + Math.random());
    await new Promise((wake) => setTimeout(wake, after));
    command.child.kill("SIGKILL");
    await command.ended;
    const state = await stateOf();
    const story = `${kills.join(", ")}; then after ${after.toFixed(0)} ms: ${JSON.stringify(state)}`;
    expect(state.vectors, story).toBe(state.checkpoint);
    expect([state.astray, state.missing], story).toEqual([0, 0]);
    expect(state.done, story).toBe(state.checkpoint);
    // This attempt began exactly where the one before had committed: nothing of that was computed again.
    expect(state.done_before, story).toBe(before);
    expect(state.checkpoint, story).toBeGreaterThanOrEqual(before);
    if (state.checkpoint < PATCHES) expect(state.checkpoint % BATCH, story).toBe(0);
    const isInTheMiddle = state.checkpoint > before && state.checkpoint < PATCHES;
    if (isInTheMiddle) kills.push(`${before} to ${state.checkpoint}`);
    else delayMs *= 1.4;
    before = state.checkpoint;
  }
  expect(kills, `killed in the middle: ${kills.join(", ")}`).toHaveLength(KILLS);

  const last = ingest("killed");
  expect(await last.ended, last.output().stderr).toBe(0);
  expect(last.output().stdout).toMatch(new RegExp(`one +embedded +${PATCHES}`));
  const end = await stateOf();
  expect(end).toMatchObject({ checkpoint: PATCHES, vectors: PATCHES, astray: 0, missing: 0, done_before: before });

  const whole = ingest("whole");
  expect(await whole.ended, whole.output().stderr).toBe(0);
  const { rows } = await inDatabase(async (database) => {
    // After a crash PostgreSQL leaves out numbers of a sequence.
    const sets = await database.query<{ id: number }>("SELECT id FROM feature_set WHERE key = 'whole'");
    return database.query<{ state: string; patches: number; alike: number }>(
      `SELECT (SELECT string_agg(DISTINCT state::text, ' ') FROM job) AS state,
         (SELECT count(*) FROM features.patch) AS patches,
         (SELECT count(*) FROM features.vectors_1 AS killed JOIN features.vectors_${sets.rows[0]?.id} AS whole USING (patch_id)
          WHERE killed.v::text = whole.v::text) AS alike`,
    );
  });
  expect(rows[0]).toEqual({ state: "SUCCEEDED", patches: PATCHES, alike: PATCHES });
}, 300_000);

it("says so when there is nothing left to do", async () => {
  const again = ingest("killed");
  expect(await again.ended, again.output().stderr).toBe(0);
  expect(again.output().stdout).toContain("Every slide is embedded already.");
});
