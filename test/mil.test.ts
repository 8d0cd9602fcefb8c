import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { writingNothing } from "./support/counts.ts";
import { type MilStudy, QUICK, storeMilStudy } from "./support/milStudy.ts";
import { createWorld, type World } from "./support/world.ts";

/** Heads that are trained, scored and asked why, through the graph. */

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Started = { job: { id: string } | null; errors: UserError[] };
type Metric = {
  name: string;
  value: number;
  lower: number | null;
  upper: number | null;
  standardDeviation: number | null;
};
type Score = {
  id: string;
  fold: number | null;
  isOutOfFold: boolean;
  risk: number | null;
  probabilities: Record<string, number> | null;
  value: number | null;
  patient: { key: string };
  slide: { key: string } | null;
};
type Model = {
  id: string;
  key: string;
  architecture: string;
  unit: string;
  task: { __typename: string; classes?: string[]; endpoint?: string };
  lineage: { digest: string; isStale: boolean; staleReason: string | null; trust: string };
  folds: {
    index: number;
    trainPatients: number;
    validationPatients: number;
    testPatients: number;
    bestEpoch: number;
    epochs: { trainLoss: number; validationLoss: number }[];
    metrics: Metric[];
  }[];
  metrics: Metric[];
  baselines: { name: string; metrics: Metric[] }[];
  card: { data: { patients: number; snapshot: string }; training: { folds: { testPatients: string[] }[] } };
  scores: { totalCount: number; nodes: Score[] };
};

const PATIENTS = 24;

let world: World;
let study: MilStudy;

beforeAll(async () => {
  world = await createWorld();
  study = await storeMilStudy(world, "glioma", PATIENTS);
});
afterAll(() => world.close());

const ERRORS = "errors { code message path fix }";

const train = async (input: Record<string, unknown>): Promise<Started> =>
  (
    await world.ask<{ trainMilModel: Started }>(
      `mutation($input: TrainMilModelInput!) { trainMilModel(input: $input) { job { id } ${ERRORS} } }`,
      { input: { ...QUICK, featureSet: study.featureSet, ...input } },
    )
  ).trainMilModel;

const METRIC = "name value lower upper standardDeviation";
const MODEL = `id key architecture unit card lineage { digest isStale staleReason trust }
  task { __typename ... on ClassificationTask { attribute classes } ... on SurvivalTask { endpoint } }
  folds { index trainPatients validationPatients testPatients bestEpoch epochs { index trainLoss validationLoss } metrics { ${METRIC} } }
  metrics { ${METRIC} } baselines { name metrics { ${METRIC} } }
  scores(first: 200) { totalCount nodes { id fold isOutOfFold risk probabilities value patient { key } slide { key } } }`;

const model = async (key: string): Promise<Model | null> =>
  (
    await world.ask<{ milModel: Model | null }>(
      `query($key: String!) { milModel(studyKey: "glioma", key: $key) { ${MODEL} } }`,
      { key },
    )
  ).milModel;

const failures = async (job: string): Promise<{ code: string; message: string; fix: string | null }[]> =>
  (
    await world.ask<{ job: { failures: { nodes: { code: string; message: string; fix: string | null }[] } } }>(
      "query($job: ID!) { job(id: $job) { failures { nodes { code message fix } } } }",
      { job },
    )
  ).job.failures.nodes;

const trained = async (input: Record<string, unknown> & { key: string }): Promise<Model> => {
  const { job, errors } = await train(input);
  expect(errors).toEqual([]);
  const state = await world.jobEnd(job?.id ?? "");
  expect(await failures(job?.id ?? "")).toEqual([]);
  expect(state).toBe("SUCCEEDED");
  return (await model(input.key)) as Model;
};

const metric = (metrics: readonly Metric[], name: string): Metric => {
  const found = metrics.find((each) => each.name === name);
  if (!found) throw new Error(`There is no ${name} among ${metrics.map((each) => each.name).join(", ")}.`);
  return found;
};

const refusal = async (input: Record<string, unknown>): Promise<UserError> => {
  const { job, errors } = await writingNothing(world.app.database, () => train({ key: "refused", ...input }));
  expect(job).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.fix).toBeTruthy();
  return errors[0] as UserError;
};

const PATTERN = { classification: { attribute: "pattern" } };
const OS = { survival: { endpoint: "os" } };

describe("a classification by folds", () => {
  let found: Model;
  beforeAll(async () => {
    found = await trained({ key: "pattern", task: PATTERN, splits: { folds: { count: 3, repeats: 2 } } });
  });

  it("predicts every patient once a repeat, by a head that had not seen him", () => {
    expect(found.task).toMatchObject({ __typename: "ClassificationTask", classes: ["diffuse", "perivascular"] });
    expect(found.folds).toHaveLength(6);
    for (const fold of found.folds) {
      expect(fold.trainPatients + fold.validationPatients + fold.testPatients).toBe(PATIENTS);
      expect(fold.epochs.length).toBeGreaterThan(0);
      expect(fold.bestEpoch).toBeLessThan(fold.epochs.length);
    }
    expect(found.scores.totalCount).toBe(2 * PATIENTS);
    for (const { fold, isOutOfFold, probabilities, patient } of found.scores.nodes) {
      expect(isOutOfFold).toBe(true);
      expect(found.card.training.folds[fold ?? -1]?.testPatients).toContain(patient.key);
      expect(Object.keys(probabilities ?? {})).toEqual(["diffuse", "perivascular"]);
      expect(Object.values(probabilities ?? {}).reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
    }
  });

  it("learns what the marked patches tell, and says how well beside simpler models", () => {
    const auc = metric(found.metrics, "macroAuc");
    expect(auc.value).toBeGreaterThan(0.9);
    expect(auc.lower).toBeLessThanOrEqual(auc.value);
    expect(auc.standardDeviation).not.toBeNull();
    expect(found.baselines.map(({ name }) => name)).toEqual(["mean pooling", "majority class"]);
    expect(metric(found.baselines[1]?.metrics ?? [], "macroAuc").value).toBeCloseTo(0.5, 6);
  });

  it("shows what led to a prediction", async () => {
    const [score] = found.scores.nodes;
    const { node } = await world.ask<{
      node: { topPatches: { attention: number; patch: { id: string; attention: number; slide: { key: string } } }[] };
    }>(
      "query($id: ID!) { node(id: $id) { ... on MilScore { topPatches(first: 200) { attention patch { id attention(score: $id) slide { key } } } } } }",
      { id: score?.id },
    );
    // Two slides of 9 and 12 patches.
    expect(node.topPatches).toHaveLength(21);
    expect(node.topPatches.reduce((sum, { attention }) => sum + attention, 0)).toBeCloseTo(1, 4);
    const weights = node.topPatches.map(({ attention }) => attention);
    expect(weights).toEqual([...weights].sort((a, b) => b - a));
    for (const { attention, patch } of node.topPatches) {
      expect(patch.attention).toBe(attention);
      expect(patch.slide.key.startsWith(score?.patient.key ?? "-")).toBe(true);
    }
    const stranger = await world.query<{ node: unknown }>(
      "query($id: ID!) { node(id: $id) { id } }",
      { id: score?.id },
      { name: "stranger", grants: [{ studyKey: "elsewhere", role: "OWNER" }] },
    );
    expect(stranger.data?.node).toBeNull();
  });

  it("pages its scores without loss, by patient and fold", async () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { milModel } = await world.ask<{
        milModel: { scores: { nodes: { id: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } } };
      }>(
        'query($after: String) { milModel(studyKey: "glioma", key: "pattern") { scores(first: 7, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } } }',
        { after },
      );
      seen.push(...milModel.scores.nodes.map(({ id }) => id));
      after = milModel.scores.pageInfo.hasNextPage ? milModel.scores.pageInfo.endCursor : null;
    } while (after);
    expect(seen).toEqual(found.scores.nodes.map(({ id }) => id));
    expect(new Set(seen).size).toBe(2 * PATIENTS);
  });

  it("gives the same folds and metrics for the same seed, others for another", async () => {
    const again = await trained({ key: "pattern-again", task: PATTERN, splits: { folds: { count: 3, repeats: 2 } } });
    expect(again.card.training.folds).toEqual(found.card.training.folds);
    for (const { name, value } of found.metrics) expect(metric(again.metrics, name).value).toBeCloseTo(value, 5);
    const other = await trained({
      key: "pattern-other",
      task: PATTERN,
      seed: 9,
      splits: { folds: { count: 3, repeats: 2 } },
    });
    expect(other.card.training.folds).not.toEqual(found.card.training.folds);
  });

  it("keeps its key", async () => {
    const { job, errors } = await train({ key: "pattern", task: PATTERN, seed: 3 });
    expect(job).toBeNull();
    expect(errors[0]).toMatchObject({ code: "CONFLICT", path: ["key"] });
  });
});

describe("bad input", () => {
  it("is refused before anything is written", async () => {
    expect(await refusal({ task: PATTERN, splits: { folds: { count: 30 } } })).toMatchObject({
      code: "TOO_FEW_PATIENTS",
    });
    expect(await refusal({ task: PATTERN, splits: { folds: { count: 1 } } })).toMatchObject({ code: "BAD_ARGUMENT" });
    expect(
      await refusal({ task: PATTERN, patients: { keys: ["glioma-p00", "glioma-p02", "glioma-p01"] } }),
    ).toMatchObject({
      code: "CLASS_TOO_SMALL",
    });
    expect(await refusal({ task: PATTERN, patients: { keys: ["glioma-p00", "glioma-p02"] } })).toMatchObject({
      code: "CLASS_TOO_SMALL",
    });
    expect(await refusal({ task: { survival: { endpoint: "pfs" } } })).toMatchObject({ code: "NOT_FOUND" });
    expect(await refusal({ task: { classification: { attribute: "age" } } })).toMatchObject({ code: "TYPE_MISMATCH" });
    expect(await refusal({ task: { regression: { attribute: "pattern" } } })).toMatchObject({ code: "TYPE_MISMATCH" });
    expect(await refusal({ task: { classification: { attribute: "patern" } } })).toMatchObject({
      code: "COLUMN_UNKNOWN",
    });
    expect(await refusal({ task: PATTERN, architecture: "IMPORTED" })).toMatchObject({ code: "BAD_ARGUMENT" });
    expect(await refusal({ task: PATTERN, architecture: "DEEP_ATTN_MISL" })).toMatchObject({
      code: "BAD_ARGUMENT",
      path: ["codebook"],
      fix: expect.stringContaining("buildCodebook"),
    });
    expect(await refusal({ task: PATTERN, learningRate: 0 })).toMatchObject({ path: ["learningRate"] });
    expect(await refusal({ task: PATTERN, epochs: 0 })).toMatchObject({ path: ["epochs"] });
    expect(await refusal({ task: PATTERN, patients: { keys: ["nobody"] } })).toMatchObject({
      code: "TOO_FEW_PATIENTS",
    });
    expect(await refusal({ task: PATTERN, splits: { groupBy: "age" } })).toMatchObject({ code: "TYPE_MISMATCH" });
  });

  it("is refused where a patient would stand on both sides", async () => {
    expect(
      await refusal({
        task: PATTERN,
        splits: { given: [{ test: ["glioma-p00"], train: ["glioma-p00", "glioma-p01"] }] },
      }),
    ).toMatchObject({ code: "LEAKAGE" });
    expect(
      await refusal({ task: PATTERN, splits: { given: [["glioma-p00", "glioma-p01"], ["glioma-p01"]] } }),
    ).toMatchObject({ code: "LEAKAGE" });
    expect(await refusal({ task: PATTERN, splits: { given: { a: 1 } } })).toMatchObject({ code: "BAD_ARGUMENT" });
  });

  it("is refused where one file stands for two patients", async () => {
    const { database } = world.app;
    const mark = (value: string) =>
      database.query(
        "UPDATE patch_grid SET slide_checksum = $1 WHERE slide_id IN (SELECT id FROM slide WHERE key IN ('glioma-p03-a', 'glioma-p04-a'))",
        [value],
      );
    await mark("same");
    const error = await refusal({ task: PATTERN });
    await mark("");
    expect(error).toMatchObject({ code: "LEAKAGE", message: expect.stringContaining("glioma-p03-a") });
  });

  it("is refused where nobody had the event", async () => {
    const { database } = world.app;
    await database.query(
      "INSERT INTO survival_endpoint (study_id, key) SELECT id, 'none' FROM study WHERE key = 'glioma'",
    );
    await database.query("UPDATE patient SET survival = survival || '{\"none\": [100, false]}'");
    expect(await refusal({ task: { survival: { endpoint: "none" } } })).toMatchObject({ code: "ALL_CENSORED" });
  });

  it("that only the vectors tell ends the job and leaves nothing behind", async () => {
    const { database } = world.app;
    const { rows } = await database.query<{ patch_id: number; v: string }>(
      `SELECT patch_id, v::text FROM features.vectors_${study.featureSetId} ORDER BY patch_id LIMIT 1`,
    );
    const id = rows[0]?.patch_id;
    const counts = async () =>
      (
        await database.query<{ n: number }>(
          "SELECT (SELECT count(*) FROM mil_model) + (SELECT count(*) FROM mil_fold) + (SELECT count(*) FROM mil_score) + (SELECT count(*) FROM mil_checkpoint) + (SELECT count(*) FROM mil_model_bag) AS n",
        )
      ).rows[0]?.n;
    const before = await counts();
    // pgvector itself refuses NaN; a half as large as can be overflows in the first layer instead.
    await database.query(`UPDATE features.vectors_${study.featureSetId} SET v = $2::halfvec WHERE patch_id = $1`, [
      id,
      "[65504,65504,65504,65504,65504,65504]",
    ]);
    const { job } = await train({ key: "broken", task: PATTERN, learningRate: 10, epochs: 200, hidden: 64 });
    const state = await world.jobEnd(job?.id ?? "");
    await database.query(`UPDATE features.vectors_${study.featureSetId} SET v = $2::halfvec WHERE patch_id = $1`, [
      id,
      rows[0]?.v,
    ]);
    expect(state).toBe("FAILED");
    expect(await failures(job?.id ?? "")).toMatchObject([{ code: "NOT_FINITE", fix: expect.any(String) }]);
    expect(await counts()).toBe(before);
    expect(await model("broken")).toBeNull();
  });
});
