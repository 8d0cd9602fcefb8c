import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { GraphQLContext } from "../src/modules/context.ts";
import { cancelJob, retryJob } from "../src/modules/job/job.service.ts";
import { createLoaders } from "../src/modules/loaders.ts";
import type { TrainInput } from "../src/modules/mil/mil.input.ts";
import { trainMilModel } from "../src/modules/mil/trainMil.service.ts";
import { LOCAL_VIEWER } from "../src/platform/authorisation.ts";
import { readConfig } from "../src/platform/config.ts";
import { encodeId } from "../src/platform/ids.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { runCommand } from "./support/commandLine.ts";
import { storeMilStudy } from "./support/milStudy.ts";
import { ownDatabase, type World } from "./support/world.ts";

/** `kill -9` in the middle of a training, and a worker that takes it up again. */

let folder: string;
let given: Awaited<ReturnType<typeof ownDatabase>> | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-mil-"));
  given = process.env.DATABASE_URL ? await ownDatabase(process.env.DATABASE_URL) : undefined;
});
afterAll(async () => {
  await given?.drop();
  await rm(folder, { recursive: true, force: true });
});

const open = (work: boolean): Promise<RunningApp> =>
  createApp(
    readConfig({
      HISTOQL_DATA: join(folder, "data"),
      HISTOQL_PROVIDERS: "cpu",
      HISTOQL_LOG: "silent",
      DATABASE_URL: given?.url,
    }),
    { work },
  );

const within = async <Result>(work: boolean, use: (app: RunningApp) => Promise<Result>): Promise<Result> => {
  const app = await open(work);
  try {
    return await use(app);
  } finally {
    await app.close();
  }
};

const contextOf = (app: RunningApp): GraphQLContext => ({
  app,
  viewer: LOCAL_VIEWER,
  loaders: createLoaders(app),
  baseUrl: "http://histoql.test",
  signal: new AbortController().signal,
});

const EPOCHS = 150;

const inputOf = (featureSet: string, key: string): TrainInput => ({
  key,
  featureSet,
  architecture: "GATED_ABMIL",
  task: { classification: { attribute: "pattern" } },
  unit: "PATIENT",
  splits: { folds: { count: 3, repeats: 1 } },
  seed: 5,
  epochs: EPOCHS,
  // No early stop: the fold under way is long, and what it gives depends on every epoch.
  patience: EPOCHS,
  learningRate: 0.001,
  weightDecay: 0,
  optimiser: "ADAM",
  l1: 0,
  patientsPerStep: 2,
  maxPatchesPerStep: 20,
  hidden: 8,
  dropout: 0.2,
  classWeights: true,
});

const jobEnd = async (app: RunningApp, id: string): Promise<string> => {
  for (;;) {
    const job = await app.prisma.job.findUniqueOrThrow({ where: { id } });
    if (job.state !== "QUEUED" && job.state !== "RUNNING") return job.state;
    await setTimeout(200);
  }
};

const checkpoints = async (app: RunningApp): Promise<{ finished: number; begun: number }> => {
  const { rows } = await app.database.query<{ finished: number; begun: number }>(
    "SELECT count(*) FILTER (WHERE is_finished) AS finished, count(*) FILTER (WHERE NOT is_finished) AS begun FROM mil_checkpoint",
  );
  return rows[0] as { finished: number; begun: number };
};

it("goes on from its last epoch and ends as an uninterrupted one", async () => {
  const { featureSet, jobs } = await within(false, async (app) => {
    const study = await storeMilStudy({ app } as World, "glioma", 16);
    const killed = await trainMilModel(contextOf(app), inputOf(study.featureSet, "killed"));
    // Asked twice while it waits, it is one job.
    const same = await trainMilModel(contextOf(app), inputOf(study.featureSet, "killed"));
    expect(same.id).toBe(killed.id);
    return { featureSet: study.featureSet, jobs: { killed: killed.id } };
  });

  let seen = { finished: 0, begun: 0 };
  for (let attempt = 0; seen.finished + seen.begun === 0 && attempt < 5; attempt += 1) {
    const serving = runCommand(["serve", "--port", "0"], {
      HISTOQL_DATA: join(folder, "data"),
      HISTOQL_LOG: "silent",
      DATABASE_URL: given?.url,
    });
    await serving.said(/http:/);
    await setTimeout(2500 + 1000 * attempt);
    serving.child.kill("SIGKILL");
    await serving.ended;
    seen = await within(false, async (app) => {
      expect(await app.prisma.milModel.count()).toBe(0);
      expect(await app.prisma.milScore.count()).toBe(0);
      // A given server outlives the killed worker, whose lease must run out first: here that minute has passed.
      await app.database.query("UPDATE job SET lease_until = now() - interval '1 second' WHERE state = 'RUNNING'");
      const job = await app.prisma.job.findUniqueOrThrow({ where: { id: jobs.killed } });
      expect(job.state).not.toBe("SUCCEEDED");
      return checkpoints(app);
    });
  }
  expect(seen.finished + seen.begun).toBeGreaterThan(0);

  await within(true, async (app) => {
    expect(await jobEnd(app, jobs.killed)).toBe("SUCCEEDED");
    expect((await app.prisma.job.findUniqueOrThrow({ where: { id: jobs.killed } })).attempts).toBeGreaterThan(1);
    const whole = await trainMilModel(contextOf(app), inputOf(featureSet, "whole"));
    expect(await jobEnd(app, whole.id)).toBe("SUCCEEDED");
    expect(await checkpoints(app)).toEqual({ finished: 0, begun: 0 });
    const [killed, uninterrupted] = await Promise.all(
      ["killed", "whole"].map((key) =>
        app.prisma.milModel.findFirstOrThrow({ where: { key }, include: { folds: true } }),
      ),
    );
    expect(killed?.parametersDigest).toBe(uninterrupted?.parametersDigest);
    expect(killed?.metrics).toEqual(uninterrupted?.metrics);
    expect(killed?.baselines).toEqual(uninterrupted?.baselines);
    expect(killed?.folds.map(({ epochs }) => epochs)).toEqual(uninterrupted?.folds.map(({ epochs }) => epochs));
  });
}, 120_000);

it("stops when it is cancelled, shows nothing, and goes on when it is retried", async () => {
  await within(true, async (app) => {
    const { featureSet } = await storeMilStudy({ app } as World, "other", 16);
    const job = await trainMilModel(contextOf(app), inputOf(featureSet, "cancelled"));
    let done = 0;
    while (done < 20) {
      ({ done } = await app.prisma.job.findUniqueOrThrow({ where: { id: job.id } }));
      await setTimeout(50);
    }
    await cancelJob(contextOf(app), encodeId("Job", job.id));
    await setTimeout(1500);
    expect((await app.prisma.job.findUniqueOrThrow({ where: { id: job.id } })).state).toBe("CANCELLED");
    expect(await app.prisma.milModel.count({ where: { key: "cancelled" } })).toBe(0);
    await retryJob(contextOf(app), encodeId("Job", job.id));
    expect(await jobEnd(app, job.id)).toBe("SUCCEEDED");
    expect(await app.prisma.milModel.count({ where: { key: "cancelled" } })).toBe(1);
  });
}, 120_000);
