import {
  type BagScore,
  createImportedScorer,
  createScorer,
  type HeadDefinition,
  type ImportedHead,
  type ImportedScore,
  type MilBag,
} from "../../learning/mil/index.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { type ClaimedJob, recordProgress } from "../../queue/jobs.ts";
import type { MilModel } from "../../store/generated/client.ts";
import { readTrainedPatients } from "../../store/milModels.ts";
import { writeMilScore } from "../../store/milScores.ts";
import type { App } from "../context.ts";
import { floatsOf } from "../phenotype/vectorBytes.ts";
import { type BagSource, bagSnapshot, openBags } from "./mil.bags.ts";
import { chooseEngine, softwareOf } from "./mil.engine.ts";
import { storedScore } from "./mil.scores.ts";
import { taskOf } from "./mil.service.ts";
import { findScored, requireBuild, type ScorePayload, settleSlides } from "./scoreMil.service.ts";

export type OpenedModel = { score(bag: MilBag): Promise<BagScore | ImportedScore>; close(): Promise<void> };

/** What an imported head's parameters are. */
export type ImportedParameters = { imported: ImportedHead };

const openModel = async (
  app: App,
  model: MilModel,
  engine: Awaited<ReturnType<typeof chooseEngine>>,
): Promise<OpenedModel> => {
  if (model.parametersDigest === null) {
    const { imported } = model.parameters as unknown as ImportedParameters;
    return createImportedScorer(await app.artefacts.get(model.onnxDigest), imported, engine);
  }
  const { head } = model.parameters as unknown as { head: HeadDefinition };
  const parameters = floatsOf(await app.artefacts.get(model.parametersDigest));
  return createScorer(head, parameters, { vectors: "float16", engine });
};

/** Digests of the final head's scores that are there, by patient and slide. */
const readKnown = async (app: App, model: MilModel): Promise<Map<string, string>> => {
  const rows = await app.prisma.milScore.findMany({
    where: { modelId: model.id, fold: null },
    select: { patientId: true, slideId: true, digest: true },
  });
  return new Map(rows.map(({ patientId, slideId, digest }) => [`${patientId}/${slideId}`, digest]));
};

/** Scores whole bags one by one, each in a transaction of its own: a job that is killed goes on behind the last. */
export const runScoreJob =
  (app: App) =>
  async (job: ClaimedJob, signal: AbortSignal): Promise<void> => {
    const { modelId } = job.payload as ScorePayload;
    const model = await app.prisma.milModel.findUnique({ where: { id: modelId }, include: { featureSet: true } });
    if (!model) throw new HistoError("NOT_FOUND", "The model was deleted.", { fix: "Train or import it again." });
    const { featureSet } = model;
    const slides = await settleSlides(app, job, model);
    const bags = await findScored(app, model, featureSet, { kind: "keys", keys: slides });
    const trained = await readTrainedPatients(app.database, model.id);
    const known = await readKnown(app, model);
    const engine = await chooseEngine(app);
    const software = softwareOf(app, engine);
    const clustersOf = await requireBuild(app, model);
    const total = bags.length;
    const isScored = (bag: BagSource): boolean =>
      known.get(`${bag.patientId}/${bag.slideId}`) ===
      digestOf({ model: model.digest, fold: null, bag: bagSnapshot(bag) });
    // What an earlier attempt or job has scored takes no time, and must not count in the rate.
    const pending = bags.filter((bag) => !isScored(bag));
    let done = total - pending.length;
    const opened = await openModel(app, model, engine);
    const { meanRisk } = model.parameters as { meanRisk?: number | null };
    try {
      await app.database.transaction((client) => recordProgress(client, job, { done, total, restart: true }));
      for (const bag of pending) {
        signal.throwIfAborted();
        const [own] = openBags(app, featureSet, [bag], {
          clustersOf,
          coordinates: model.architecture === "SELF_ATTENTION",
        });
        const score = await storedScore(app, taskOf(model), bag, await opened.score(own as MilBag), {
          fold: null,
          isOutOfFold: !trained.has(bag.patientId),
          meanRisk: meanRisk ?? null,
          model: model.digest,
          software,
        });
        done += 1;
        await app.database.transaction(async (client) => {
          await recordProgress(client, job, { done, total });
          await writeMilScore(client, { ...score, modelId: model.id });
        });
      }
      await app.database.transaction((client) => recordProgress(client, job, { done: total, total }));
    } finally {
      await opened.close();
    }
  };
