import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { loadJobProgress } from "../src/modules/job/job.progress.ts";
import { HistoError } from "../src/platform/errors.ts";
import { addNeeds, cancelJobTree, giveUpJob, lockJobs, retryJobTree } from "../src/queue/graph.ts";
import {
  type ClaimedJob,
  claimJob,
  insertFileJobs,
  insertJob,
  insertJobTree,
  type JobKind,
  NeedsJobsError,
  priorityOf,
  recordProgress,
  WorkerUnfitError,
} from "../src/queue/jobs.ts";
import { type JobHandler, type Queue, startQueue } from "../src/queue/queue.ts";
import { createWorld, type World } from "./support/world.ts";

/** The queue by itself: what goes first, what is tried again and when, what a dead worker leaves. */

let world: World;
let queue: Queue;

beforeAll(async () => {
  world = await createWorld({ work: false });
});
afterAll(() => world.close());

beforeEach(async () => {
  await world.app.database.query("DELETE FROM job");
  queue = await startQueue(world.app.database, world.app.log, { leaseSeconds: 1, backoffSeconds: 0.2 });
});
afterEach(() => queue.stop());

const newJob = (payload: Record<string, unknown> = {}, kind: JobKind = "EXPORT") => ({
  kind,
  studyId: null,
  createdBy: "test",
  unit: "rows",
  payload,
});

type Ask = { name: string; priority?: number; needs?: readonly string[]; kind?: JobKind };

const ask = ({ name, priority, needs = [], kind }: Ask): Promise<string> =>
  world.app.database.transaction(async (client) => {
    await lockJobs(client, null);
    const id = await insertJob(client, { ...newJob({ name }, kind), ...(priority !== undefined && { priority }) });
    await addNeeds(
      client,
      needs.map(() => id),
      needs,
    );
    await queue.wake(client, [{ id, kind: kind ?? "EXPORT" }]);
    return id;
  });

type State = {
  state: string;
  attempts: number;
  setbacks: number;
  waiting_for: number;
  done: number;
  wait: number | null;
};

const stateOf = async (id: string): Promise<State> => {
  const { rows } = await world.app.database.query<State>(
    `SELECT state, attempts, setbacks, waiting_for, done, extract(epoch FROM start_after - now())::float8 AS wait FROM job WHERE id = $1`,
    [id],
  );
  return rows[0] as State;
};

const ended = async (id: string): Promise<string> => {
  await expect.poll(async () => (await stateOf(id)).state, { timeout: 15_000 }).toMatch(/SUCCEEDED|FAILED|CANCELLED/);
  return (await stateOf(id)).state;
};

const failuresOf = async (id: string) =>
  (
    await world.app.database.query<{ code: string; message: string; fix: string; cause_id: string | null }>(
      "SELECT code, message, fix, cause_id FROM job_failure WHERE job_id = $1",
      [id],
    )
  ).rows;

const work = (handler: JobHandler, kinds: readonly JobKind[] = ["EXPORT"], concurrency = 1) =>
  queue.work(Object.fromEntries(kinds.map((kind) => [kind, handler])), { concurrency });

it("the fewer slides were asked for, the sooner; within one request in turn", async () => {
  expect([1, 8, 9, 200, 201, 10_000].map(priorityOf)).toEqual([20, 20, 10, 10, 0, 0]);
  for (const name of ["night", "late night"]) await ask({ name, priority: priorityOf(10_000) });
  await ask({ name: "lunch", priority: priorityOf(100) });
  const last = await ask({ name: "person", priority: priorityOf(1) });
  const seen: unknown[] = [];
  await work(async (job) => void seen.push(job.payload.name));
  await ended(last);
  await expect.poll(() => seen).toEqual(["person", "lunch", "night", "late night"]);
});

it("a job that needs others begins when the last of them is done", async () => {
  const [first, second] = [await ask({ name: "first" }), await ask({ name: "second", kind: "TILE" })];
  const third = await ask({ name: "third", needs: [first, second] });
  const fourth = await ask({ name: "fourth", needs: [third, first] });
  expect(await stateOf(fourth)).toMatchObject({ state: "QUEUED", waiting_for: 2 });
  const seen: unknown[] = [];
  await work(async (job) => void seen.push(job.payload.name), ["EXPORT", "TILE"], 4);
  expect(await ended(fourth)).toBe("SUCCEEDED");
  expect(seen.slice(0, 2).sort()).toEqual(["first", "second"]);
  expect(seen.slice(2)).toEqual(["third", "fourth"]);
});

it("a job that fails takes those along that need it, each of which says why", async () => {
  const first = await ask({ name: "first" });
  const second = await ask({ name: "second", needs: [first] });
  const third = await ask({ name: "third", needs: [second] });
  const beside = await ask({ name: "beside" });
  await work(async (job) => {
    if (job.payload.name === "first") throw new HistoError("NO_TISSUE", "There is none.", { fix: "Look elsewhere." });
  });
  expect(await ended(third)).toBe("FAILED");
  expect(await ended(beside)).toBe("SUCCEEDED");
  for (const id of [second, third]) {
    expect(await failuresOf(id)).toEqual([
      {
        code: "NO_TISSUE",
        message: "This needs another job, which failed: There is none.",
        fix: "Look elsewhere. retryJob tries again what failed before this, too.",
        cause_id: first,
      },
    ]);
  }
  expect(await stateOf(second)).toMatchObject({ attempts: 0 });
});

it("what nobody foresaw is tried again, later and later, and counts anew after progress", async () => {
  const id = await ask({ name: "shaky" });
  const begun: number[] = [];
  await work(async (job) => {
    begun.push(performance.now());
    // The fourth would be the last, but comes further than those before it, and is the first of four in a row.
    if (begun.length === 4) {
      await world.app.database.transaction((client) => recordProgress(client, job, { done: 1, total: 9 }));
      expect(await stateOf(id)).toMatchObject({ setbacks: 0 });
    }
    throw new Error("The moon was in the wrong place.");
  });
  expect(await ended(id)).toBe("FAILED");
  const gaps = begun.slice(1).map((moment, index) => moment - (begun[index] ?? 0));
  expect(gaps).toHaveLength(6);
  for (const [index, least] of [190, 390, 790, 190, 390, 790].entries()) {
    expect(gaps[index]).toBeGreaterThanOrEqual(least);
  }
  expect(await failuresOf(id)).toMatchObject([{ code: "INTERNAL", fix: expect.stringMatching(/Retry the job/) }]);
}, 30_000);

it("a job that finds others under way is queued behind them, and costs no attempt that counts", async () => {
  const other = await ask({ name: "other", kind: "TILE" });
  const id = await ask({ name: "finder" });
  let looks = 0;
  const handler = async (job: ClaimedJob) => {
    if (job.payload.name === "finder" && ++looks === 1) throw new NeedsJobsError([other]);
  };
  await work(handler);
  await expect.poll(async () => stateOf(id)).toMatchObject({ state: "QUEUED", waiting_for: 1, setbacks: 0 });
  const helper = await startQueue(world.app.database, world.app.log);
  await helper.work({ TILE: handler }, { concurrency: 1 });
  expect(await ended(id)).toBe("SUCCEEDED");
  expect(looks).toBe(2);
  await helper.stop();
});

it("a job whose worker is unfit goes back at once, and costs no attempt that counts", async () => {
  const id = await ask({ name: "unlucky" });
  let looks = 0;
  await work(async () => {
    if (++looks < 6) throw new WorkerUnfitError("BAD_ARGUMENT", "The card is gone.");
  });
  expect(await ended(id)).toBe("SUCCEEDED");
  expect(await stateOf(id)).toMatchObject({ attempts: 6, setbacks: 0 });
});

it("a job that finds others which have failed by then looks again, and waits for nobody", async () => {
  const other = await ask({ name: "other", kind: "TILE" });
  const id = await ask({ name: "finder" });
  let looks = 0;
  await work(async () => {
    if (++looks > 1) return;
    await world.app.database.transaction((client) =>
      giveUpJob(client, { id: other, studyId: null, slideId: null }, { code: "INTERNAL", message: "It is gone." }),
    );
    throw new NeedsJobsError([other]);
  });
  expect(await ended(id)).toBe("SUCCEEDED");
  expect(looks).toBe(2);
});

it("what begins at nothing each time is given up none the less where it always stops at the same place", async () => {
  const id = await ask({ name: "stubborn" });
  let attempts = 0;
  await work(async (job) => {
    attempts += 1;
    const record = (done: number) =>
      world.app.database.transaction((client) => recordProgress(client, job, { done, total: 9, restart: done === 0 }));
    for (const done of [0, 1, 2]) await record(done);
    throw new Error("The disk is full.");
  });
  expect(await ended(id)).toBe("FAILED");
  // The first came further than any before it, and begins the count.
  expect(attempts).toBe(4);
}, 30_000);

it("what dead workers leave is taken over, but not for ever where it is what kills them", async () => {
  const id = await ask({ name: "deadly" });
  const after = await ask({ name: "after", needs: [id] });
  const die = async () => {
    const { rowCount } = await world.app.database.query(
      "UPDATE job SET state = 'RUNNING', lease = $2, lease_until = now() - interval '1 second', attempts = attempts + 1 WHERE id = $1 AND state = 'QUEUED'",
      [id, randomUUID()],
    );
    expect(rowCount).toBe(1);
  };
  for (let death = 1; death <= 10; death++) {
    await die();
    const next = await startQueue(world.app.database, world.app.log, { leaseSeconds: 60 });
    // Beginning to work looks for what was left behind.
    await next.work({}, { concurrency: 1 });
    await next.stop();
    if (death < 10) expect(await stateOf(id)).toMatchObject({ state: "QUEUED", setbacks: death });
  }
  expect(await stateOf(id)).toMatchObject({ state: "FAILED" });
  expect(await failuresOf(id)).toMatchObject([
    { code: "INTERNAL", message: expect.stringMatching(/^10 workers in a row ended/) },
  ]);
  expect(await stateOf(after)).toMatchObject({ state: "FAILED" });
}, 60_000);

it("a parent counts its parts as they end, and ends with the last", async () => {
  const { database } = world.app;
  await database.query("INSERT INTO study (key, name) VALUES ('counted', 'Counted') ON CONFLICT DO NOTHING");
  await database.query(
    `INSERT INTO patient (study_id, key) SELECT id, 'P' FROM study WHERE key = 'counted' ON CONFLICT DO NOTHING`,
  );
  const { rows } = await database.query<{ id: number }>(
    `INSERT INTO slide (study_id, patient_id, key) SELECT study_id, id, 'S' || number FROM patient, generate_series(1, 30) AS number RETURNING id`,
  );
  const { parentId, childIds } = await database.transaction(async (client) => {
    const tree = await insertJobTree(
      client,
      newJob(),
      rows.map(({ id }) => id),
    );
    await queue.wake(
      client,
      tree.childIds.map((id) => ({ id, kind: "EXPORT" as const })),
    );
    return tree;
  });
  await work(
    async (job) => {
      await database.transaction((client) => recordProgress(client, job, { done: 7, total: 7 }));
      if (job.id === childIds[4]) throw new HistoError("SLIDE_CORRUPT", "It is.", { fix: "Mend it." });
    },
    ["EXPORT"],
    4,
  );
  await expect.poll(async () => (await stateOf(parentId)).state, { timeout: 15_000 }).toBe("PARTLY_FAILED");
  const { rows: parents } = await database.query("SELECT done, total, parts_done FROM job WHERE id = $1", [parentId]);
  expect(parents).toEqual([{ done: 30, total: 30, parts_done: 29 * 7 }]);
}, 30_000);

it("what is cancelled takes along only what waits for it, and what has ended stays as it is", async () => {
  const { database } = world.app;
  const { parentId, childIds } = await database.transaction((client) =>
    insertFileJobs(client, newJob(), [{ name: "quick" }, { name: "slow" }]),
  );
  const [quick = "", slow = ""] = childIds;
  const afterQuick = await ask({ name: "after quick", kind: "TILE", needs: [quick] });
  const afterSlow = await ask({ name: "after slow", kind: "TILE", needs: [slow] });
  await queue.wake(
    database,
    childIds.map((id) => ({ id, kind: "EXPORT" as const })),
  );
  await work(
    async (job, signal) => {
      if (job.payload.name === "slow") await new Promise((done) => signal.addEventListener("abort", done));
    },
    ["EXPORT"],
    2,
  );
  expect(await ended(quick)).toBe("SUCCEEDED");
  expect(await stateOf(afterQuick)).toMatchObject({ state: "QUEUED", waiting_for: 0 });
  const cancel = (id: string) => database.transaction((client) => cancelJobTree(client, id, null));
  expect(await cancel(parentId)).toBe(3);
  expect(await Promise.all([parentId, slow, afterSlow, quick, afterQuick].map(stateOf))).toMatchObject([
    { state: "CANCELLED" },
    { state: "CANCELLED" },
    { state: "CANCELLED" },
    { state: "SUCCEEDED" },
    { state: "QUEUED" },
  ]);
  const endOf = async () => (await database.query("SELECT finished_at::text FROM job WHERE id = $1", [parentId])).rows;
  const end = await endOf();
  for (const id of [parentId, quick]) expect(await cancel(id)).toBe(0);
  expect(await endOf()).toEqual(end);
  expect(await stateOf(afterQuick)).toMatchObject({ state: "QUEUED" });
});

it("a lease that is kept at the end of a long transaction counts from then", async () => {
  const { database } = world.app;
  const id = await ask({ name: "long" });
  const job = await claimJob(database, id, { id: queue.workerId, leaseSeconds: 1 });
  await database.transaction(async (client) => {
    await client.query("SELECT 1");
    await delay(1200);
    await recordProgress(client, job as ClaimedJob, { done: 1, total: 1 });
  });
  const { rows } = await database.query("SELECT lease_until > now() AS held FROM job WHERE id = $1", [id]);
  expect(rows).toEqual([{ held: true }]);
});

it("a worker does not take its own job for a dead one's, however late its heartbeats come", async () => {
  const { database } = world.app;
  const id = await ask({ name: "late" });
  await work(async () => {
    // Twice as long as it takes until somebody looks for what was left behind.
    const end = performance.now() + 1200;
    while (performance.now() < end) {
      await database.query("UPDATE job SET lease_until = now() - interval '1 second' WHERE id = $1", [id]);
      await delay(10);
    }
  });
  expect(await ended(id)).toBe("SUCCEEDED");
  expect(await stateOf(id)).toMatchObject({ attempts: 1, setbacks: 0 });
});

it("what is said in words is a failure, even where a connection that broke is its cause", async () => {
  const id = await ask({ name: "parser" });
  await work(async () => {
    const cause = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    throw new HistoError("SLIDE_CORRUPT", "The file made its parser fail.", { cause });
  });
  expect(await ended(id)).toBe("FAILED");
  expect(await stateOf(id)).toMatchObject({ attempts: 1 });
  expect(await failuresOf(id)).toMatchObject([{ code: "SLIDE_CORRUPT" }]);
});

it("a parent's rate is that of its work, also when failed parts are queued again while it runs", async () => {
  const { database } = world.app;
  const { parentId } = await database.transaction(async (client) => {
    const tree = await insertFileJobs(
      client,
      newJob(),
      Array.from({ length: 10 }, (_, part) => ({ part })),
    );
    // An hour's work: five are done and three have failed.
    await client.query(
      `UPDATE job SET state = CASE WHEN (payload ->> 'part')::int < 5 THEN 'SUCCEEDED' ELSE 'FAILED' END::job_state
       WHERE parent_id = $1 AND (payload ->> 'part')::int < 8`,
      [tree.parentId],
    );
    await client.query(
      "UPDATE job SET state = 'RUNNING', done = 8, started_at = now() - interval '1 hour' WHERE id = $1",
      [tree.parentId],
    );
    return tree;
  });
  const progress = async () => (await loadJobProgress(database, [parentId]))[0];
  expect((await progress())?.perSecond).toBeCloseTo(8 / 3600, 5);
  expect(await database.transaction((client) => retryJobTree(client, parentId, null))).toHaveLength(3);
  const { done, perSecond, secondsLeft } = (await progress()) ?? {};
  expect(done).toBe(5);
  expect(perSecond).toBeCloseTo(8 / 3600, 5);
  expect(secondsLeft).toBeCloseTo((5 / 8) * 3600, -1);
});
