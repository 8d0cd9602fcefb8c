import { afterAll, beforeAll, expect, it } from "vitest";
import { finishJob, lockJobs } from "../src/queue/graph.ts";
import { type ClaimedJob, claimJob, insertJob } from "../src/queue/jobs.ts";
import { type MilStudy, storeMilStudy } from "./support/milStudy.ts";
import { createWorld, type World } from "./support/world.ts";

/** Trainings and scorings that are asked for while a slide that they read is being embedded. */

const PATIENTS = 16;

let world: World;
let study: MilStudy;

beforeAll(async () => {
  world = await createWorld();
  study = await storeMilStudy(world, "waits", PATIENTS);
}, 60_000);
afterAll(() => world.close());

type Answer = { job: { id: string } | null; errors: { code: string }[] };

const train = async (key: string, attribute = "pattern"): Promise<Answer> => {
  const { trainMilModel } = await world.ask<{ trainMilModel: Answer }>(
    "mutation($input: TrainMilModelInput!) { trainMilModel(input: $input) { job { id } errors { code } } }",
    {
      input: {
        key,
        featureSet: study.featureSet,
        architecture: "MEAN_POOL",
        task: { classification: { attribute } },
        splits: { folds: { count: 2, repeats: 1 } },
        epochs: 3,
        seed: 1,
      },
    },
  );
  return trainMilModel;
};

/** As if a worker were in the middle of one slide; what it holds, and its end. */
const embedding = async (): Promise<{ end(): Promise<void>; patient: string }> => {
  const { database, queue } = world.app;
  const { rows } = await database.query<{ slide_id: number; patient: string; study_id: number }>(
    `UPDATE slide_features AS features SET is_complete = false FROM slide JOIN patient ON patient.id = slide.patient_id
     WHERE slide.id = features.slide_id AND features.feature_set_id = $1 AND slide.id = (SELECT min(id) FROM slide)
     RETURNING features.slide_id, patient.key AS patient, slide.study_id`,
    [study.featureSetId],
  );
  const { slide_id: slideId, patient, study_id: studyId } = rows[0] as (typeof rows)[number];
  const job = await database.transaction(async (client) => {
    const id = await insertJob(client, {
      kind: "EMBED",
      studyId,
      createdBy: "test",
      unit: "patches",
      payload: { featureSetId: study.featureSetId },
      resultId: String(study.featureSetId),
    });
    await client.query("UPDATE job SET slide_id = $2 WHERE id = $1", [id, slideId]);
    return claimJob(client, id, { id: queue.workerId, leaseSeconds: 600 });
  });
  return {
    patient,
    async end() {
      await database.transaction(async (client) => {
        await client.query("UPDATE slide_features SET is_complete = true WHERE slide_id = $1", [slideId]);
        await queue.wake(client, await finishJob(client, job as ClaimedJob));
      });
    },
  };
};

it("wait for it, and read it with the others", async () => {
  const first = await train("first");
  expect(first.errors).toEqual([]);
  expect(await world.jobEnd(first.job?.id ?? "")).toBe("SUCCEEDED");
  const slide = await embedding();

  const waiting = await train("second");
  expect(await train("second")).toEqual(waiting);
  expect((await train("first")).errors).toMatchObject([{ code: "CONFLICT" }]);
  // What does not depend on slides is told at once.
  expect((await train("third", "colour")).errors).toMatchObject([{ code: "COLUMN_UNKNOWN" }]);
  const { rows: models } = await world.app.database.query<{ id: number }>(
    "SELECT id FROM mil_model WHERE key = 'first'",
  );
  const model = await world.ask<{ study: { milModels: { id: string }[] } }>(
    '{ study(key: "waits") { milModels { id } } }',
  );
  const { scoreMilModel } = await world.ask<{ scoreMilModel: Answer }>(
    "mutation($model: ID!) { scoreMilModel(input: {model: $model}) { job { id } errors { code } } }",
    { model: model.study.milModels[0]?.id },
  );
  expect(scoreMilModel.errors).toEqual([]);
  for (const id of [waiting.job?.id, scoreMilModel.job?.id]) {
    const { job } = await world.ask<{ job: { state: string; progress: { message: string } } }>(
      "query($id: ID!) { job(id: $id) { state progress { message } } }",
      { id },
    );
    expect(job).toEqual({ state: "QUEUED", progress: { message: "Waits for 1 job to end" } });
  }

  await slide.end();
  expect(await world.jobEnd(waiting.job?.id ?? "")).toBe("SUCCEEDED");
  expect(await world.jobEnd(scoreMilModel.job?.id ?? "")).toBe("SUCCEEDED");
  const { rows } = await world.app.database.query<{ plan: number; slides: number; scores: number }>(
    `SELECT (SELECT length(payload ->> 'plan') FROM job WHERE kind = 'TRAIN' AND payload -> 'input' ->> 'key' = 'second') AS plan,
       (SELECT jsonb_array_length(payload -> 'slides') FROM job WHERE kind = 'SCORE') AS slides,
       (SELECT count(*)::int FROM mil_score JOIN patient ON patient.id = mil_score.patient_id
        WHERE model_id = $1 AND fold IS NULL AND patient.key = $2) AS scores`,
    [models[0]?.id, slide.patient],
  );
  expect(rows).toEqual([{ plan: 64, slides: 2 * PATIENTS, scores: 1 }]);
}, 120_000);

it.skipIf(!process.env.DATABASE_URL)(
  "are asked for while somebody plans other work, and neither stops the other",
  async () => {
    const slide = await embedding();
    const { database } = world.app;
    const { rows } = await database.query<{ id: number }>("SELECT study_id AS id FROM feature_set WHERE id = $1", [
      study.featureSetId,
    ]);
    const studyId = rows[0]?.id ?? -1;
    const waitsForLock = async () => {
      const { rowCount } = await database.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted");
      return rowCount;
    };
    let asked: Promise<Answer> | undefined;
    await database.transaction(async (client) => {
      await lockJobs(client, studyId);
      asked = train("third");
      await expect.poll(waitsForLock).toBe(1);
      await insertJob(client, { kind: "EXPORT", studyId, createdBy: "test", unit: "rows", payload: {} });
    });
    expect((await asked)?.errors).toEqual([]);
    await slide.end();
  },
);
