import { createScorer, exportHead, type FoldResult, type LabelledBag, type MilBag } from "../../learning/mil/index.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError, isHistoError } from "../../platform/errors.ts";
import { type ClaimedJob, NeedsJobsError, recordProgress, settlePayload } from "../../queue/jobs.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import { deleteCheckpoints, insertMilModel, type NewFold, setJobResult } from "../../store/milModels.ts";
import { writeMilScore } from "../../store/milScores.ts";
import type { App } from "../context.ts";
import { readAssigning } from "../featureSet/underWay.ts";
import { createLoaders } from "../loaders.ts";
import { bytesOf } from "../phenotype/vectorBytes.ts";
import { openBags } from "./mil.bags.ts";
import { chooseEngine, softwareOf } from "./mil.engine.ts";
import { classificationReport, foldMetrics, type JudgedFolds, pooledMetrics } from "./mil.evaluation.ts";
import type { TrainInput } from "./mil.input.ts";
import { judgeFolds, type PredictedFold } from "./mil.judge.ts";
import { type PlannedBag, planTraining, type TrainingPlan } from "./mil.plan.ts";
import { readRequest } from "./mil.request.ts";
import { meanOf, storedScore, type UnboundScore } from "./mil.scores.ts";
import { baselinesOf, meanPooling, pause } from "./mil.train.baselines.ts";
import { type Curves, epochsOf, runTraining, type TrainRun, type TrainWork } from "./mil.train.run.ts";

/** What a TRAIN job is told: the request, and the digest of what it meant then; null while its slides are being embedded. */
export type TrainPayload = { featureSetId: number; input: TrainInput; plan: string | null };

const labelled = (plan: TrainingPlan, bags: readonly MilBag[]): LabelledBag[] =>
  plan.bags.map(({ target, group }, index) => ({ ...(bags[index] as MilBag), target, group }));

const predicted = (fold: FoldResult): PredictedFold => ({
  ...fold,
  trainRisks:
    fold.trainPredictions.length === 0
      ? null
      : new Map(fold.trainPredictions.map(({ key, risk }) => [key, risk ?? Number.NaN])),
});

/** The plan of a training that waited for its slides, from now on its own. @throws NeedsJobsError while the codebook follows them */
const settlePlan = async (app: App, job: ClaimedJob, featureSet: FeatureSet): Promise<TrainingPlan> => {
  const payload = job.payload as TrainPayload;
  const { codebook } = await readRequest({ app, loaders: createLoaders(app) }, featureSet, payload.input);
  const assigning = codebook ? await readAssigning(app.database, codebook.buildId) : [];
  if (assigning.length > 0) throw new NeedsJobsError(assigning);
  const plan = await planTraining({ app, loaders: createLoaders(app) }, featureSet, payload.input);
  await settlePayload(app.database, job, { ...payload, plan: plan.digest });
  return plan;
};

/** @throws HistoError CONFLICT when labels or vectors are other ones than when it was asked for */
const readPlan = async (app: App, job: ClaimedJob): Promise<TrainingPlan> => {
  const { featureSetId, input, plan } = job.payload as TrainPayload;
  const featureSet = await app.prisma.featureSet.findUnique({ where: { id: featureSetId } });
  if (featureSet && plan === null) return settlePlan(app, job, featureSet);
  const found = featureSet && (await planTraining({ app, loaders: createLoaders(app) }, featureSet, input));
  if (found?.digest === plan) return found;
  throw new HistoError("CONFLICT", "Vectors, labels or patients have changed since the training was asked for.", {
    fix: "Ask again with trainMilModel: it takes what there is now.",
  });
};

/** Whole bags of every fold's tested patients, with their attention. */
const scoreFolds = async (
  { app, plan, engine, bags, signal }: TrainWork,
  folds: readonly FoldResult[],
  model: string,
  software: object,
): Promise<UnboundScore[]> => {
  const { head, task } = plan;
  const byKey = new Map(plan.bags.map((bag, index) => [bag.key, { planned: bag, bag: bags[index] as MilBag }]));
  const scores: UnboundScore[] = [];
  const [firstFold] = folds;
  if (!firstFold) return scores;
  const scorer = await createScorer(head, firstFold.parameters, { vectors: "float16", engine });
  try {
    for (const fold of folds) {
      await scorer.use(fold.parameters);
      const meanRisk = meanOf(fold.trainPredictions.flatMap(({ risk }) => risk ?? []));
      for (const { key } of fold.predictions) {
        signal.throwIfAborted();
        const found = byKey.get(key);
        if (!found) continue;
        const score = await scorer.score(found.bag);
        scores.push(
          await storedScore(app, task, found.planned, score, {
            fold: fold.index,
            isOutOfFold: true,
            meanRisk,
            model,
            software,
          }),
        );
      }
    }
  } finally {
    await scorer.close();
  }
  return scores;
};

const curveOf = (fold: FoldResult, curves: Curves) =>
  fold.epochs.map(({ epoch, trainLoss, validationLoss }) => ({
    index: epoch,
    trainLoss,
    validationLoss: validationLoss ?? trainLoss,
    metrics: curves.get(fold.index)?.[epoch] ?? [],
  }));

const newFold = (fold: FoldResult, judged: JudgedFolds, curves: Curves): NewFold => ({
  index: fold.index,
  trainPatients: fold.trainPatients.length,
  validationPatients: fold.validationPatients.length,
  testPatients: fold.testPatients.length,
  epochs: curveOf(fold, curves),
  bestEpoch: fold.bestEpoch,
  metrics: foldMetrics(judged, fold.index),
});

const patientsOf = (bags: readonly PlannedBag[]): number => new Set(bags.map(({ patientId }) => patientId)).size;

type Trained = { folds: readonly FoldResult[]; final: FoldResult; curves: Curves };

/** What a reader of the model needs to judge and to repeat it. */
const provenance = (plan: TrainingPlan, { folds, final, curves }: Trained, judged: JudgedFolds) => ({
  task: plan.task,
  data: {
    study: plan.study.key,
    featureSet: { key: plan.featureSet.key, digest: plan.featureSet.digest },
    codebook: plan.codebook && { digest: plan.codebook.digest, clusters: plan.codebook.build.clusters },
    snapshot: plan.digest,
    patients: patientsOf(plan.bags),
    bags: plan.bags.length,
    slides: plan.bags.reduce((sum, { slides }) => sum + slides.length, 0),
    patches: plan.bags.reduce((sum, { patches }) => sum + patches, 0),
    withoutLabel: plan.withoutLabel,
    withoutGroup: plan.withoutGroup,
  },
  training: {
    ...plan.options,
    splits: plan.splits.kind,
    folds: folds.map(({ index, repeat, testPatients, validationPatients, bestEpoch }) => ({
      index,
      repeat,
      testPatients,
      validationPatients,
      bestEpoch,
    })),
    final: {
      trainPatients: final.trainPatients.length,
      validationPatients: final.validationPatients.length,
      bestEpoch: final.bestEpoch,
      epochs: curveOf(final, curves),
    },
  },
  evaluation: { days: judged.days, classification: classificationReport(judged) },
});

const finish = async (
  work: TrainWork,
  payload: TrainPayload,
  trained: Trained,
  pooled: readonly FoldResult[] | null,
): Promise<void> => {
  const { folds, final, curves } = trained;
  const { app, job, plan, engine } = work;
  const { bags, task, head } = plan;
  const software = softwareOf(app, engine);
  const digest = digestOf({ plan: plan.digest, software });
  const judged = judgeFolds(task, bags, folds.map(predicted));
  const metrics = await pooledMetrics(judged, plan.options.seed, pause);
  const baselines = await baselinesOf(app, plan, folds.map(predicted), pooled?.map(predicted) ?? null);
  const scores = await scoreFolds(work, folds, digest, software);
  const { onnx, card } = exportHead(head, final.parameters);
  const { total } = work.progress;
  const model = {
    studyId: plan.study.id,
    key: payload.input.key,
    architecture: head.architecture,
    task,
    unit: payload.input.unit,
    featureSetId: plan.featureSet.id,
    codebookId: plan.codebook?.id ?? null,
    cohortId: plan.cohortId,
    parameters: {
      ...payload.input,
      task,
      head,
      featureSet: { key: plan.featureSet.key, digest: plan.featureSet.digest },
      codebook: plan.codebook?.digest ?? null,
      meanRisk: meanOf(final.trainPredictions.flatMap(({ risk }) => risk ?? [])),
    },
    card: { ...card, ...provenance(plan, trained, judged), metrics, baselines, software },
    metrics,
    baselines,
    onnxDigest: await app.artefacts.put(onnx),
    parametersDigest: await app.artefacts.put(bytesOf(final.parameters)),
    digest,
    trust: plan.featureSet.trust,
    software,
    folds: folds.map((fold) => newFold(fold, judged, curves)),
    bags: bags.map(({ patientId, slideId, value }) => ({ patientId, slideId, target: value })),
    slides: bags.flatMap(({ slides }) => slides),
  };
  await app.database.transaction(async (client) => {
    await recordProgress(client, job, { done: total, total });
    const id = await insertMilModel(client, model);
    if (id === null) {
      throw new HistoError("CONFLICT", `There is a model "${payload.input.key}" already.`, {
        fix: "Choose another key.",
        path: ["key"],
      });
    }
    for (const score of scores) await writeMilScore(client, { ...score, modelId: id });
    await setJobResult(client, job.id, id);
    await deleteCheckpoints(client, job.id);
  });
};

/** Trains a head and its baseline. Nothing of it shows before all is there. */
export const runTrainJob =
  (app: App) =>
  async (job: ClaimedJob, signal: AbortSignal): Promise<void> => {
    const payload = job.payload as TrainPayload;
    try {
      const plan = await readPlan(app, job);
      const { epochs } = plan.options;
      const hasBaseline = plan.head.architecture !== "MEAN_POOL";
      const headEpochs = epochsOf(plan.foldCount, epochs, true);
      const total = headEpochs + (hasBaseline ? epochsOf(plan.foldCount, epochs, false) : 0);
      const clustersOf = plan.codebook && { buildId: plan.codebook.buildId };
      const coordinates = plan.head.architecture === "SELF_ATTENTION";
      const bags = labelled(plan, openBags(app, plan.featureSet, plan.bags, { clustersOf, coordinates }));
      const work: TrainWork = {
        app,
        job,
        plan,
        engine: await chooseEngine(app),
        bags,
        signal,
        progress: { total },
      };
      const main: TrainRun = { name: "head", head: plan.head, from: 0, hasFinal: true };
      const { folds, final, curves } = await runTraining(work, main);
      const pooled = hasBaseline
        ? (
            await runTraining(work, {
              name: "mean pooling",
              head: meanPooling(plan),
              from: headEpochs,
              hasFinal: false,
            })
          ).folds
        : null;
      await finish(work, payload, { folds, final: final as FoldResult, curves }, pooled);
    } catch (error) {
      // What can be mended by the one who asked is not worth keeping: the next request is another one.
      if (isHistoError(error) && !signal.aborted) await deleteCheckpoints(app.database, job.id);
      throw error;
    }
  };
