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
    epochs: { trainLoss: number; validationLoss: number; metrics: Metric[] }[];
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
  folds { index trainPatients validationPatients testPatients bestEpoch epochs { index trainLoss validationLoss metrics { name value } } metrics { ${METRIC} } }
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
      for (const { metrics } of fold.epochs) expect(metric(metrics, "accuracy").value).toBeLessThanOrEqual(1);
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
    type Page = {
      milModel: { scores: { nodes: { id: string }[]; pageInfo: { endCursor: string; hasNextPage: boolean } } };
    };
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { milModel }: Page = await world.ask<Page>(
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
    const table = `features.vectors_${study.featureSetId}`;
    // No vector can hold it: the store refuses NaN, so that a head meets none.
    await expect(database.query(`UPDATE ${table} SET v = '[NaN,0,0,0,0,0]'::halfvec`)).rejects.toThrow(/NaN/);
    const counts = async () =>
      (
        await database.query<{ n: number }>(
          `SELECT (SELECT count(*) FROM mil_model) + (SELECT count(*) FROM mil_fold) + (SELECT count(*) FROM mil_score)
             + (SELECT count(*) FROM mil_checkpoint) + (SELECT count(*) FROM mil_model_bag) AS n`,
        )
      ).rows[0]?.n;
    const before = await counts();
    await database.query(`CREATE TABLE put_aside AS SELECT * FROM ${table} ORDER BY patch_id DESC LIMIT 1`);
    await database.query(`DELETE FROM ${table} WHERE patch_id = (SELECT patch_id FROM put_aside)`);
    const { job } = await train({ key: "broken", task: PATTERN });
    const state = await world.jobEnd(job?.id ?? "");
    await database.query(`INSERT INTO ${table} SELECT * FROM put_aside`);
    expect(state).toBe("FAILED");
    expect(await failures(job?.id ?? "")).toMatchObject([{ code: "CONFLICT", fix: expect.any(String) }]);
    expect(await counts()).toBe(before);
    expect(await model("broken")).toBeNull();
  });
});

/** Patients that the survival head is not trained on. */
const OUTSIDE = ["glioma-p22", "glioma-p23"];

describe("a survival head", () => {
  let found: Model;
  beforeAll(async () => {
    found = await trained({ key: "os", task: OS, clinicalBaseline: ["age"], patients: { not: { keys: OUTSIDE } } });
  });

  const survival = (input: Record<string, unknown>) =>
    world.query<{
      survival: {
        groups: { name: string; patients: number; events: number }[];
        logRank: { pValue: number } | null;
        cox: { terms: { name: string; hazardRatio: number }[]; patients: number } | null;
        excluded: { reason: string; patients: number }[];
      };
    }>(
      "query($input: SurvivalInput!) { survival(input: $input) { groups { name patients events } logRank { pValue } cox { patients terms { name hazardRatio } } excluded { reason patients } } }",
      { input: { studyKey: "glioma", endpoint: "os", ...input } },
    );

  it("orders patients by risk, with measures under censoring, beside a clinical Cox regression", () => {
    expect(found.folds).toHaveLength(5);
    expect(metric(found.metrics, "concordance").value).toBeGreaterThan(0.6);
    for (const name of ["concordanceIpcw", "timeDependentAuc", "integratedBrierScore"]) {
      const { value } = metric(found.metrics, name);
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(1);
    }
    expect(found.baselines.map(({ name }) => name)).toEqual(["mean pooling", "clinical Cox (age)"]);
    expect(metric(found.baselines[1]?.metrics ?? [], "concordance").value).toBeGreaterThan(0);
  });

  it("groups only patients that it had not seen", async () => {
    const { data, errors } = await survival({ groupBy: { risk: { model: found.id, quantiles: 2 } } });
    expect(errors).toBeUndefined();
    const groups = data?.survival.groups ?? [];
    expect(groups.map(({ patients }) => patients)).toEqual([11, 11]);
    expect(data?.survival.excluded).toEqual([
      { reason: 'no out-of-fold or external risk of model "os"', patients: OUTSIDE.length },
    ]);
    expect(data?.survival.logRank?.pValue).toBeLessThan(0.05);
  });

  it("is a covariate of a Cox regression", async () => {
    const { data } = await survival({ cox: { terms: ["age"], risk: found.id } });
    expect(data?.survival.cox?.patients).toBe(PATIENTS - OUTSIDE.length);
    const risk = data?.survival.cox?.terms.find(({ name }) => name === "risk of os");
    expect(risk?.hazardRatio).toBeGreaterThan(1);
  });

  const scoreThree = async () => {
    const { scoreMilModel } = await world.ask<{ scoreMilModel: Started }>(
      `mutation($model: ID!) { scoreMilModel(input: {model: $model, patients: {keys: ["glioma-p00", "glioma-p22", "glioma-p23"]}}) { job { id } ${ERRORS} } }`,
      { model: found.id },
    );
    expect(scoreMilModel.errors).toEqual([]);
    expect(await world.jobEnd(scoreMilModel.job?.id ?? "")).toBe("SUCCEEDED");
    // How much was done, and how much of it before this job.
    const { rows } = await world.app.database.query<{ done: number; before: number }>(
      "SELECT done, done_before AS before FROM job WHERE kind = 'SCORE' ORDER BY created_at DESC LIMIT 1",
    );
    return rows[0];
  };

  it("scores others as external, and those of the training as such", async () => {
    expect(await scoreThree()).toEqual({ done: 3, before: 0 });
    const scores = (await model("os"))?.scores.nodes.filter(({ fold }) => fold === null) ?? [];
    expect(scores.map(({ patient, isOutOfFold }) => [patient.key, isOutOfFold])).toEqual([
      ["glioma-p00", false],
      ["glioma-p22", true],
      ["glioma-p23", true],
    ]);
    const { data } = await survival({ groupBy: { risk: { model: found.id, quantiles: 2 } } });
    expect(data?.survival.excluded).toEqual([]);
    expect(data?.survival.groups.reduce((sum, { patients }) => sum + patients, 0)).toBe(PATIENTS);
  });

  it("asked for the same scores again has done them before, and counts them in no rate", async () => {
    expect(await scoreThree()).toEqual({ done: 3, before: 3 });
  });

  it("is refused, or leaves out with the reason, where it was trained on them", async () => {
    const { database } = world.app;
    const patientIs = "patient_id = (SELECT id FROM patient WHERE key = $1)";
    const { rows } = await database.query<{ id: number }>(
      `SELECT id FROM mil_score WHERE fold IS NOT NULL AND ${patientIs} AND model_id = (SELECT id FROM mil_model WHERE key = 'os')`,
      ["glioma-p00"],
    );
    await database.query("UPDATE mil_score SET is_out_of_fold = false WHERE id = $1", [rows[0]?.id]);
    const some = await survival({ groupBy: { risk: { model: found.id, quantiles: 2 } } });
    const all = await survival({
      groupBy: { risk: { model: found.id, quantiles: 2 } },
      patients: { keys: ["glioma-p00"] },
    });
    await database.query("UPDATE mil_score SET is_out_of_fold = true WHERE id = $1", [rows[0]?.id]);
    expect(some.data?.survival.excluded).toEqual([{ reason: 'model "os" was trained on them', patients: 1 }]);
    expect(all.errors?.[0]).toMatchObject({ code: "LEAKAGE", fix: expect.any(String) });
    const pattern = await survival({
      groupBy: { risk: { model: encodeId("MilModel", "glioma", "pattern"), quantiles: 2 } },
    });
    expect(pattern.errors?.[0]).toMatchObject({ code: "BAD_ARGUMENT" });
  });

  it("is stale once a label or vectors have changed, and so are its scores", async () => {
    const { database } = world.app;
    const stale = async () => (await model("os"))?.lineage;
    expect(await stale()).toMatchObject({ isStale: false, staleReason: null, trust: "VERIFIED" });
    const change = (sql: string) => database.query(sql);
    await change(
      "UPDATE patient SET survival = jsonb_set(survival, '{os,0}', to_jsonb((survival -> 'os' ->> 0)::int + 5000)) WHERE key = 'glioma-p01'",
    );
    expect(await stale()).toMatchObject({ isStale: true, staleReason: expect.stringContaining("labels of 1") });
    await change(
      "UPDATE patient SET survival = jsonb_set(survival, '{os,0}', to_jsonb((survival -> 'os' ->> 0)::int - 5000)) WHERE key = 'glioma-p01'",
    );
    expect(await stale()).toMatchObject({ isStale: false });
    await change(
      "UPDATE slide_features SET completed_at = completed_at + interval '1 second' WHERE slide_id = (SELECT id FROM slide WHERE key = 'glioma-p01-a')",
    );
    expect(await stale()).toMatchObject({ isStale: true, staleReason: expect.stringContaining("vectors of 1") });
    const score = found.scores.nodes.find(({ patient }) => patient.key === "glioma-p01");
    const { node } = await world.ask<{ node: { lineage: { isStale: boolean } } }>(
      "query($id: ID!) { node(id: $id) { ... on MilScore { lineage { isStale } } } }",
      { id: score?.id },
    );
    expect(node.lineage.isStale).toBe(true);
    await change(
      "UPDATE slide_features SET completed_at = completed_at - interval '1 second' WHERE slide_id = (SELECT id FROM slide WHERE key = 'glioma-p01-a')",
    );
  });
});

describe("other heads", () => {
  it("learn hazards of intervals, numbers, slides and given or grouped folds", async () => {
    const intervals = await trained({ key: "intervals", task: { survival: { endpoint: "os", intervals: 4 } } });
    expect(metric(intervals.metrics, "concordance").value).toBeGreaterThan(0.5);
    expect(metric(intervals.metrics, "integratedBrierScore").value).toBeLessThan(0.5);

    const number = await trained({
      key: "number",
      task: { regression: { attribute: "burden" } },
      architecture: "SELF_ATTENTION",
      splits: { given: [["glioma-p00", "glioma-p01"], { test: ["glioma-p02", "glioma-p03"] }] },
    });
    expect(number.task.__typename).toBe("RegressionTask");
    expect(number.scores.nodes.map(({ patient }) => patient.key)).toEqual([0, 1, 2, 3].map((n) => `glioma-p0${n}`));
    expect(number.scores.nodes.every(({ value }) => Number.isFinite(value))).toBe(true);
    expect(number.baselines.map(({ name }) => name)).toEqual(["mean pooling", "mean value"]);

    const slides = await trained({
      key: "slides",
      unit: "SLIDE",
      task: { classification: { attribute: "grade" } },
      architecture: "MEAN_POOL",
      hidden: 0,
      splits: { groupBy: "site" },
    });
    expect(slides.folds).toHaveLength(4);
    expect(slides.scores.totalCount).toBe(2 * PATIENTS);
    expect(slides.scores.nodes.every(({ slide }) => slide !== null)).toBe(true);
    const folds = new Map(slides.scores.nodes.map(({ patient, fold }) => [patient.key, fold]));
    for (const { patient, fold } of slides.scores.nodes) expect(folds.get(patient.key)).toBe(fold);
    expect(slides.baselines.map(({ name }) => name)).toEqual(["majority class"]);
  });

  it("weigh the clusters of each patient", async () => {
    const { buildCodebook } = await world.ask<{ buildCodebook: Started }>(
      `mutation($featureSet: ID!) { buildCodebook(input: {featureSet: $featureSet, scope: PATIENT, clusters: 3}) { job { id } ${ERRORS} } }`,
      { featureSet: study.featureSet },
    );
    expect(await world.jobEnd(buildCodebook.job?.id ?? "")).toBe("SUCCEEDED");
    const { study: read } = await world.ask<{ study: { codebooks: { id: string }[] } }>(
      '{ study(key: "glioma") { codebooks { id } } }',
    );
    const found = await trained({
      key: "clusters",
      task: PATTERN,
      architecture: "DEEP_ATTN_MISL",
      codebook: read.codebooks[0]?.id,
    });
    const { node } = await world.ask<{
      node: {
        topPatches: { attention: number; patch: { phenotype: { index: number } | null } }[];
        clusterAttention: { index: number; attention: number; phenotype: { index: number; id: string } }[];
      };
    }>(
      `query($id: ID!) { node(id: $id) { ... on MilScore { topPatches(first: 200) { attention } clusterAttention { index attention phenotype { id index } } } } }`,
      { id: found.scores.nodes[0]?.id },
    );
    expect(node.clusterAttention.reduce((sum, { attention }) => sum + attention, 0)).toBeCloseTo(1, 4);
    for (const { index, phenotype } of node.clusterAttention) expect(phenotype.index).toBe(index);
    expect(node.topPatches.reduce((sum, { attention }) => sum + attention, 0)).toBeCloseTo(1, 4);
    await world.app.database.query(
      "DELETE FROM codebook_slide WHERE slide_id = (SELECT id FROM slide WHERE key = 'glioma-p05-a')",
    );
    expect(
      await refusal({ task: PATTERN, architecture: "DEEP_ATTN_MISL", codebook: read.codebooks[0]?.id }),
    ).toMatchObject({
      code: "BAD_ARGUMENT",
      message: expect.stringContaining("glioma-p05-a"),
    });
  });
});
