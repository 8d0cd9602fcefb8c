/**
 * Learning from rendered slides whose answer is known: slides → patches → vectors → a head, all through the graph, on the embedded
 * database. The cohort's pattern and survival are those of `synthetic/cohort.ts`; its truth maps say where the immune cells are.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { graphql } from "graphql";
import sharp from "sharp";
import { createLoaders } from "../src/modules/loaders.ts";
import { drawHeatmap } from "../src/modules/mil/heatmap.ts";
import { idOfMilScore } from "../src/modules/mil/mil.service.ts";
import { bytesOf } from "../src/modules/phenotype/vectorBytes.ts";
import { LOCAL_VIEWER } from "../src/platform/authorisation.ts";
import { readConfig } from "../src/platform/config.ts";
import { encodeId } from "../src/platform/ids.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { createSchema } from "../src/server/schema.ts";
import { bootstrapLimits, classificationMetrics, concordance } from "../src/statistics/index.ts";
import { insertPatches, patchId } from "../src/store/patches.ts";
import { appendVectors, createVectorTable, halfvecOid } from "../src/store/vectors.ts";
import { SURVIVAL_MODEL } from "../synthetic/cohort.ts";
import { renderCohort } from "../synthetic/index.ts";
import { atLeast, atMost, type BenchOptions, fact, type Report } from "./figure.ts";

const DEFAULT_PATIENTS = 80;
const SEED = 7;
const CLASSES = ["A", "B", "C", "D"];
/** Fixed before anything was measured, for all heads alike. */
const SETTING = { hidden: 64, epochs: 60, patience: 12, learningRate: 0.001, weightDecay: 0.0005, patientsPerStep: 16 };
/** Patches of 64 µm, half of which overlap: small against the 2048 pixels of a slide, large against a sleeve of cells. */
const GRID = { patchSize: 224, micronsPerPixel: 0.5, overlap: 112, minTissue: 0.3 };

type Ask = <Data>(document: string, variables?: Record<string, unknown>) => Promise<Data>;

const asker = (app: RunningApp): Ask => {
  const schema = createSchema();
  return async <Data>(source: string, variableValues: Record<string, unknown> = {}) => {
    const contextValue = {
      app,
      viewer: LOCAL_VIEWER,
      loaders: createLoaders(app),
      baseUrl: "http://bench",
      signal: new AbortController().signal,
    };
    const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
    if (errors) throw errors[0];
    return data as Data;
  };
};

type Started = { job: { id: string } | null; errors: { code: string; message: string }[] };

const finished = async (ask: Ask, { job, errors }: Started): Promise<void> => {
  if (!job) throw new Error(`${errors[0]?.code}: ${errors[0]?.message}`);
  for (;;) {
    const { job: now } = await ask<{
      job: { state: string; failures: { nodes: { code: string; message: string }[] } };
    }>("query($id: ID!) { job(id: $id) { state failures { nodes { code message } } } }", { id: job.id });
    if (now.state === "SUCCEEDED") return;
    if (now.state !== "QUEUED" && now.state !== "RUNNING") {
      throw new Error(`${now.state}: ${now.failures.nodes[0]?.code} ${now.failures.nodes[0]?.message}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
};

/** Registers, embeds and describes a rendered cohort. */
const load = async (ask: Ask, folder: string): Promise<void> => {
  await ask('mutation { createStudy(input: {key: "synthetic", name: "Synthetic"}) { errors { code } } }');
  const { registerSlides } = await ask<{ registerSlides: { errors: { message: string }[] } }>(
    'mutation($paths: [String!]!) { registerSlides(input: {studyKey: "synthetic", paths: $paths, patientPattern: "^(?<patient>SYN-[0-9]+)", stain: IHC}) { errors { message } } }',
    { paths: [join(folder, "slides")] },
  );
  if (registerSlides.errors[0]) throw new Error(registerSlides.errors[0].message);
  const { importClinical } = await ask<{ importClinical: { errors: { message: string }[] } }>(
    "mutation($input: ImportClinicalInput!) { importClinical(input: $input) { errors { message } } }",
    {
      input: {
        studyKey: "synthetic",
        text: await readFile(join(folder, "clinical.csv"), "utf8"),
        patientColumn: "patient_id",
        endpoints: [{ key: "os", timeColumn: "os_days", eventColumn: "os_event", eventValues: ["1"] }],
      },
    },
  );
  if (importClinical.errors[0]) throw new Error(importClinical.errors[0].message);
  const { embedSlides } = await ask<{ embedSlides: Started }>(
    "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { job { id } errors { code message } } }",
    {
      input: {
        slides: { studyKey: "synthetic" },
        encoderKey: "efficientnet-lite0",
        featureSetKey: "cnn",
        grid: GRID,
      },
    },
  );
  await finished(ask, embedSlides);
};

type Metric = { name: string; value: number; lower: number | null; upper: number | null };
type Score = {
  fold: number;
  risk: number | null;
  probabilities: Record<string, number> | null;
  patient: { key: string; clinical: { invasion_pattern: string }; survival: { timeDays: number; event: boolean } };
};
type Trained = {
  key: string;
  metrics: Metric[];
  baselines: { name: string; metrics: Metric[] }[];
  scores: Score[];
  seconds: number;
};

type ModelPage = Omit<Trained, "scores" | "seconds"> & {
  scores: { nodes: Score[]; pageInfo: { endCursor: string | null; hasNextPage: boolean } };
};

const train = async (ask: Ask, key: string, architecture: string, task: object, more = {}): Promise<Trained> => {
  const began = performance.now();
  const { trainMilModel } = await ask<{ trainMilModel: Started }>(
    "mutation($input: TrainMilModelInput!) { trainMilModel(input: $input) { job { id } errors { code message } } }",
    {
      input: {
        key,
        featureSet: encodeId("FeatureSet", "synthetic", "cnn"),
        architecture,
        task,
        seed: SEED,
        ...SETTING,
        ...more,
      },
    },
  );
  await finished(ask, trainMilModel);
  const seconds = (performance.now() - began) / 1000;
  const scores: Score[] = [];
  let after: string | null = null;
  for (;;) {
    const { milModel }: { milModel: ModelPage } = await ask<{ milModel: ModelPage }>(
      `query($key: String!, $after: String) { milModel(studyKey: "synthetic", key: $key) { key metrics { name value lower upper }
        baselines { name metrics { name value lower upper } }
        scores(first: 200, after: $after) { nodes { fold risk probabilities patient { key clinical survival(endpoint: "os") { timeDays event } } } pageInfo { endCursor hasNextPage } } } }`,
      { key, after },
    );
    scores.push(...milModel.scores.nodes);
    if (!milModel.scores.pageInfo.hasNextPage) return { ...milModel, scores, seconds };
    after = milModel.scores.pageInfo.endCursor;
  }
};

const metricOf = (metrics: readonly Metric[], name: string): Metric =>
  metrics.find((metric) => metric.name === name) ?? { name, value: Number.NaN, lower: null, upper: null };

const limits = ({ lower, upper }: { lower: number | null; upper: number | null }): string =>
  lower === null || upper === null ? "no limits" : `95 % limits ${lower.toFixed(3)} to ${upper.toFixed(3)}`;

const macroAuc = (scores: readonly (Score | undefined)[], drawn: Uint32Array): number | null => {
  const own = Array.from(drawn, (index) => scores[index] as Score);
  return classificationMetrics({
    labels: own.map(({ patient }) => CLASSES.indexOf(patient.clinical.invasion_pattern)),
    probabilities: own.map(({ probabilities }) => CLASSES.map((name) => probabilities?.[name] ?? 0)),
    classes: CLASSES.length,
  }).macroAuc;
};

/** Of the same patients in both, how much better one model is, patient by patient resampled. */
const pairedDifference = (ours: Trained, theirs: Trained) => {
  const byPatient = new Map(theirs.scores.map((score) => [score.patient.key, score]));
  const other = ours.scores.map(({ patient }) => byPatient.get(patient.key));
  return bootstrapLimits(ours.scores.length, (drawn) => {
    const [a, b] = [macroAuc(ours.scores, drawn), macroAuc(other, drawn)];
    return a === null || b === null ? null : a - b;
  });
};

/** Mean over folds, as the model's own metric: risks of two folds are not comparable. */
const foldConcordance = (scores: readonly Score[], riskOf: (score: Score) => number): number => {
  const values = [...Map.groupBy(scores, ({ fold }) => fold).values()].map(
    (own) =>
      concordance({
        timesDays: own.map(({ patient }) => patient.survival.timeDays),
        events: own.map(({ patient }) => patient.survival.event),
        scores: own.map(riskOf),
      }).concordance,
  );
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};

const TRUTH_PIXELS = 8;
const RICHEST = 0.25;

/** Of each slide of patterns B, C and D: the attention on the quarter of its patches that hold most immune cells. */
const truthOverlap = async (app: RunningApp, folder: string, key: string): Promise<number> => {
  const scores = await app.prisma.milScore.findMany({
    where: { model: { key } },
    include: { patient: { include: { slides: true } } },
  });
  const shares: number[] = [];
  for (const score of scores) {
    const { invasion_pattern: pattern } = score.patient.clinical as { invasion_pattern: string };
    const [slide] = score.patient.slides;
    if (pattern === "A" || !slide || score.attentionDigest === null) continue;
    const grid = await app.prisma.patchGrid.findFirstOrThrow({ where: { slideId: slide.id } });
    const truth = await sharp(join(folder, "truth", `${slide.key}-immune.png`))
      .toColourspace("grey16")
      .raw({ depth: "ushort" })
      .toBuffer({ resolveWithObject: true });
    const map = new Uint16Array(truth.data.buffer, truth.data.byteOffset, truth.data.length / 2);
    const { width, channels } = truth.info;
    const { rows } = await app.database.query<{ x: number; y: number }>(
      "SELECT x, y FROM features.patch WHERE id >= $1::int8 * 16777216 AND id < ($1::int8 + 1) * 16777216 ORDER BY id",
      [grid.id],
    );
    const attention = new Float32Array(new Uint8Array(await app.artefacts.get(score.attentionDigest)).buffer);
    const density = rows.map(({ x, y }) => {
      let sum = 0;
      for (let row = Math.floor(y / TRUTH_PIXELS); row < (y + grid.sizeY) / TRUTH_PIXELS; row++) {
        for (let column = Math.floor(x / TRUTH_PIXELS); column < (x + grid.sizeX) / TRUTH_PIXELS; column++) {
          sum += map[(row * width + column) * channels] ?? 0;
        }
      }
      return sum;
    });
    const order = density.map((_, index) => index).sort((a, b) => (density[b] ?? 0) - (density[a] ?? 0));
    const richest = order.slice(0, Math.round(order.length * RICHEST));
    // What the same attention would lie on at random is their share of the patches.
    shares.push(
      richest.reduce((sum, index) => sum + (attention[index] ?? 0), 0) / (richest.length / (order.length * RICHEST)),
    );
  }
  return shares.reduce((sum, share) => sum + share, 0) / shares.length;
};

const SIDE = 317;

/** A score of a bag of 100,489 patches on one real slide; its heatmap drawn with nothing in memory. */
const largeHeatmap = async (app: RunningApp): Promise<number> => {
  const { database, prisma } = app;
  const slide = await prisma.slide.findFirstOrThrow({ include: { image: true, study: true } });
  const patches = SIDE * SIDE;
  const encoder = await prisma.encoder.findFirstOrThrow();
  const { rows } = await database.query<{ id: number }>(
    `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, digest)
     VALUES ($1, 'large', $2, 6, 0.5, 0, 0, 'NONE', '{}', 2, 'large') RETURNING id`,
    [slide.studyId, encoder.id],
  );
  const featureSetId = rows[0]?.id ?? 0;
  await createVectorTable(database, featureSetId, 2);
  const step = (slide.image?.widthPixels ?? SIDE) / SIDE;
  const { rows: grids } = await database.query<{ id: number }>(
    `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
       microns_per_pixel_x, microns_per_pixel_y, columns, rows, step_x, step_y, size_x, size_y, patches, tissue_share, mask_digest)
     VALUES ($1, 'large', 6, 0.5, 0, 0, 'NONE', $2, 0.5, 0.5, ${SIDE}, ${SIDE}, $3, $3, $4, $4, $5, 1, '') RETURNING id`,
    [slide.id, slide.image?.checksum ?? "", step, Math.ceil(step), patches],
  );
  const gridId = grids[0]?.id ?? 0;
  const cells = Array.from({ length: patches }, (_, cell) => cell);
  const oid = await halfvecOid(database);
  await database.transaction(async (client) => {
    await insertPatches(client, gridId, {
      cells,
      x: cells.map((cell) => Math.round((cell % SIDE) * step)),
      y: cells.map((cell) => Math.round(Math.floor(cell / SIDE) * step)),
      tissueShare: cells.map(() => 1),
    });
    for (let from = 0; from < patches; from += 20_000) {
      const ids = cells.slice(from, from + 20_000).map((cell) => patchId(gridId, cell));
      await appendVectors(
        client,
        featureSetId,
        {
          patchIds: ids,
          slideId: slide.id,
          patientId: slide.patientId,
          dims: 2,
          halves: new Uint16Array(2 * ids.length),
        },
        oid,
      );
    }
    await client.query(
      "INSERT INTO slide_features (feature_set_id, slide_id, grid_id, vectors, is_complete, completed_at) VALUES ($1, $2, $3, $4, true, now())",
      [featureSetId, slide.id, gridId, patches],
    );
  });
  const attention = Float32Array.from(cells, (cell) => Math.exp(Math.sin(cell / 900) * 4 + Math.cos(cell * 0.37)));
  const model = await prisma.milModel.findFirstOrThrow();
  const large = await prisma.milModel.create({
    data: { ...model, id: undefined, key: "large", featureSetId, task: { kind: "SURVIVAL", endpoint: "os" } } as never,
  });
  const score = await prisma.milScore.create({
    data: {
      modelId: large.id,
      patientId: slide.patientId,
      isOutOfFold: true,
      risk: 0,
      patches,
      slides: 1,
      attentionDigest: await app.artefacts.put(bytesOf(attention)),
      digest: "large",
      software: {},
    },
  });
  await database.query(
    "INSERT INTO mil_score_slide (score_id, slide_id, grid_id, patches, first, completed_at) VALUES ($1, $2, $3, $4, 0, now())",
    [score.id, slide.id, gridId, patches],
  );
  const context = { loaders: createLoaders(app) } as Parameters<typeof idOfMilScore>[0];
  const [scoreId, slideId] = [await idOfMilScore(context, score), encodeId("Slide", slide.study.key, slide.key)];
  const began = performance.now();
  await drawHeatmap(app, scoreId, slideId);
  return (performance.now() - began) / 1000;
};

/** `--patients 240` for the cohort of the acceptance; `--cohort FOLDER` for one that is rendered already. */
export const milSynthetic = async (report: Report, options: BenchOptions = {}): Promise<void> => {
  const patients = Number(options.patients ?? DEFAULT_PATIENTS);
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const cohort = options.cohort ?? join(folder, "cohort");
  if (!existsSync(join(cohort, "clinical.csv"))) await renderCohort({ folder: cohort, patients, seed: SEED });
  const config = readConfig(
    { HISTOQL_DATA: join(folder, "data"), HISTOQL_PROVIDERS: "cpu", HISTOQL_LOG: "silent" },
    { roots: [cohort] },
  );
  const app = await createApp(config);
  try {
    const ask = asker(app);
    await load(ask, cohort);
    const pattern = { classification: { attribute: "invasion_pattern" } };
    const ours = await train(ask, "pattern", "GATED_ABMIL", pattern);
    const auc = metricOf(ours.metrics, "macroAuc");
    const count = `${ours.scores.length} patients, 5 folds`;
    report(atLeast("pattern_macro_auc", auc.value, "area", 0.8, `${count}; ${limits(auc)}`));
    // The mean of the vectors as they are, and the mean behind the same layer as the attention's, which learns features of its own.
    const plain = await train(ask, "pattern-mean", "MEAN_POOL", pattern, { hidden: 0 });
    const layered = await train(ask, "pattern-mean-layer", "MEAN_POOL", pattern);
    report(fact("pattern_macro_auc_mean_pooling", metricOf(plain.metrics, "macroAuc").value, "area"));
    report(fact("pattern_macro_auc_mean_pooling_layer", metricOf(layered.metrics, "macroAuc").value, "area"));
    const gain = pairedDifference(ours, plain);
    const note = `difference ${gain.value.toFixed(3)}, ${limits(gain)}`;
    report(atLeast("pattern_gain_lower_limit", gain.lower, "area", 0, note));
    const more = pairedDifference(ours, layered);
    report(
      fact(
        "pattern_gain_lower_limit_layer",
        more.lower,
        "area",
        `difference ${more.value.toFixed(3)}, ${limits(more)}`,
      ),
    );
    report(fact("pattern_train_seconds", ours.seconds, "s", "with the mean pooling baseline"));
    const overlap = await truthOverlap(app, cohort, "pattern");
    report(
      atLeast(
        "attention_truth_overlap",
        overlap,
        "share",
        RICHEST,
        "on the quarter of patches with most immune cells; chance 0.25",
      ),
    );

    const survival = await train(ask, "os", "GATED_ABMIL", { survival: { endpoint: "os" } });
    const index = metricOf(survival.metrics, "concordance");
    const truth = foldConcordance(
      survival.scores,
      ({ patient }) =>
        SURVIVAL_MODEL.patternLogHazard[
          patient.clinical.invasion_pattern as keyof typeof SURVIVAL_MODEL.patternLogHazard
        ],
    );
    report(
      atLeast(
        "survival_c_index",
        index.value,
        "concordance",
        truth - 0.05,
        `the true pattern's ${truth.toFixed(3)} − 0.05; ${limits(index)}`,
      ),
    );
    for (const { name, metrics } of survival.baselines) {
      report(fact(`survival_c_index: ${name}`, metricOf(metrics, "concordance").value, "concordance"));
    }
    report(
      atMost(
        "heatmap_100k_seconds",
        await largeHeatmap(app),
        "s",
        2,
        `${SIDE * SIDE} patches, PNG of 1024 pixels, nothing in memory`,
      ),
    );
  } finally {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  }
};
