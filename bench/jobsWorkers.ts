import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { runEmbedJob } from "../src/modules/featureSet/featureSet.jobs.ts";
import { runTileJob } from "../src/modules/patch/patch.jobs.ts";
import { claimJob, recordProgress } from "../src/queue/jobs.ts";
import type { JobHandler } from "../src/queue/queue.ts";
import { atLeast, atMost, type Figure, fact, median } from "./figure.ts";
import {
  addSlides,
  askForTiles,
  askForVectors,
  BATCH,
  openPlace,
  PATCHES_A_SLIDE,
  type Place,
  untilDone,
} from "./jobsStudy.ts";

/** Milliseconds that one note of progress takes, as each batch makes one. */
const timeProgress = async ({ app }: Place): Promise<number> => {
  const { rows } = await app.database.query<{ id: string }>(
    "INSERT INTO job (id, kind, created_by) VALUES (gen_random_uuid(), 'EXPORT', 'bench') RETURNING id",
  );
  const job = await claimJob(app.database, rows[0]?.id ?? "", { id: app.queue.workerId, leaseSeconds: 600 });
  if (!job) throw new Error("Nobody else takes this job.");
  const times: number[] = [];
  for (let done = 0; done < 200; done++) {
    const began = performance.now();
    await recordProgress(app.database, job, { done, total: 200 });
    times.push(performance.now() - began);
  }
  return median(times);
};

/** Which share of a slide's time the queue takes: between two slides, and in the notes of progress of one. */
export const overhead = async (url: string, slides: number): Promise<Figure[]> => {
  const place = await openPlace(url);
  try {
    const { app } = place;
    await addSlides(place, slides);
    const progressMs = await timeProgress(place);
    const spans: { began: number; ended: number }[] = [];
    const timed =
      (handler: JobHandler): JobHandler =>
      async (job, signal) => {
        const began = performance.now();
        await handler(job, signal);
        spans.push({ began, ended: performance.now() });
      };
    await untilTiled(place);
    await app.queue.work({ EMBED: timed(runEmbedJob(app)) }, { concurrency: 1 });
    await untilDone(app, await askForVectors(app, "overhead"));
    const gaps = spans.slice(1).map(({ began }, index) => began - (spans[index]?.ended ?? began));
    const workMs = median(spans.map(({ began, ended }) => ended - began));
    const batches = Math.ceil(PATCHES_A_SLIDE / BATCH);
    const queueMs = median(gaps) + (batches + 1) * progressMs;
    const note = `${queueMs.toFixed(1)} ms of ${(workMs / 1000).toFixed(2)} s for ${PATCHES_A_SLIDE} patches: ${median(gaps).toFixed(1)} ms between two slides, ${progressMs.toFixed(2)} ms for each of ${batches} batches`;
    return [atMost("queue_overhead", queueMs / (workMs + median(gaps)), "share", 0.02, note)];
  } finally {
    await place.close();
  }
};

/** Grids for all slides, so that vectors alone are measured. */
const untilTiled = async ({ app }: Place): Promise<void> => {
  const { id } = await askForTiles(app);
  const handler = runTileJob(app);
  const { rows } = await app.database.query<{ id: string }>("SELECT id FROM job WHERE parent_id = $1", [id]);
  for (const { id: part } of rows) {
    const job = await claimJob(app.database, part, { id: app.queue.workerId, leaseSeconds: 600 });
    if (job) await handler(job, new AbortController().signal);
  }
  await app.database.query(
    "UPDATE job SET state = 'SUCCEEDED', lease = NULL, finished_at = now() WHERE id = $1 OR parent_id = $1",
    [id],
  );
};

const ROOT = join(import.meta.dirname, "..");

/** A worker that runs on one core alone, once it takes jobs. */
const startPinned = async (place: Place, core: number): Promise<ChildProcess> => {
  const { PATH, HOME, TMPDIR } = process.env;
  const child = spawn(
    "taskset",
    [
      "--cpu-list",
      String(core),
      process.execPath,
      "src/main.ts",
      "worker",
      "--kinds",
      "embed",
      "--concurrency",
      "1",
      "--device",
      "cpu",
    ],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        PATH,
        HOME,
        TMPDIR,
        HISTOQL_LOG: "error",
        HISTOQL_BATCH: String(BATCH),
        HISTOQL_DATA: join(place.folder, `core${core}`),
        DATABASE_URL: place.databaseUrl,
      },
    },
  );
  await new Promise<void>((ready, failed) => {
    child.stdout?.on("data", (text: Buffer) => {
      if (String(text).includes(" takes ")) ready();
    });
    child.once("error", failed);
    child.once("exit", (code) => failed(new Error(`A worker ended with ${code}.`)));
  });
  return child;
};

/** Patches a second from the first slide's beginning to the last one's end, by workers that have done a slide each before. */
const rateOf = async (place: Place, cores: readonly number[]): Promise<number> => {
  const workers = await Promise.all(cores.map((core) => startPinned(place, core)));
  try {
    const [name, keys] = [`cores-${cores.join("-")}-${Date.now()}`, cores.map((_, index) => `s${index}`)];
    // Their encoders are open and tuned from here on: a night's work has that once, and this would have little else.
    await untilDone(place.app, await askForVectors(place.app, `${name}-warm`, keys));
    const job = await askForVectors(place.app, name);
    await untilDone(place.app, job);
    const { rows } = await place.app.database.query<{ rate: number }>(
      `SELECT (sum(done) / extract(epoch FROM max(finished_at) - min(started_at)))::float8 AS rate FROM job
       WHERE parent_id = $1 AND kind = 'EMBED'`,
      [job],
    );
    return rows[0]?.rate ?? Number.NaN;
  } finally {
    const ended = workers.map((worker) => new Promise((done) => worker.once("exit", done)));
    for (const worker of workers) worker.kill("SIGTERM");
    await Promise.all(ended);
  }
};

const ROUNDS = 3;

/** Two workers with a core each against one with one. */
export const scaling = async (url: string, slides: number): Promise<Figure[]> => {
  const place = await openPlace(url);
  try {
    await addSlides(place, slides);
    await untilTiled(place);
    const [one, two]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      one.push(await rateOf(place, [0]));
      two.push(await rateOf(place, [0, 1]));
    }
    const note = `one worker on one core, ${slides} slides of ${PATCHES_A_SLIDE} patches; medians of ${ROUNDS} rounds in turns`;
    return [
      fact("worker1_rate", median(one), "patches/s", note),
      fact("worker2_rate", median(two), "patches/s", "two workers, a core each"),
      atLeast("workers2_vs_1", median(two) / median(one), "×", 1.6),
    ];
  } finally {
    await place.close();
  }
};
