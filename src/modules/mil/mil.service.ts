import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { encodeId, requireId } from "../../platform/ids.ts";
import type { MilModel, MilScore, Patient, Slide, Study } from "../../store/generated/client.ts";
import { readScorePage } from "../../store/milScores.ts";
import { type Connection, connect, foreignCursor, type PageArguments } from "../base/connections.ts";
import type { GraphQLContext } from "../context.ts";
import type { StoredTask } from "./mil.task.ts";

export const taskOf = ({ task }: MilModel): StoredTask => task as StoredTask;

/** The model of a key, or null. */
export const findMilModel = async (
  { app, loaders, viewer }: GraphQLContext,
  studyKey: string,
  key: string,
): Promise<MilModel | null> => {
  authorize(viewer, "study:read", studyKey);
  const model = await app.prisma.milModel.findFirst({ where: { key, study: { key: studyKey } } });
  if (model) loaders.milModel.prime(model.id, model);
  return model;
};

/** @throws HistoError NOT_FOUND, FORBIDDEN */
export const requireMilModel = async (
  context: GraphQLContext,
  id: string,
  path: readonly string[] = ["model"],
): Promise<MilModel> => {
  const [studyKey, key] = requireId("MilModel", id, path).map(String) as [string, string];
  const found = await findMilModel(context, studyKey, key);
  if (found) return found;
  throw new HistoError("NOT_FOUND", `There is no model "${key}" in study "${studyKey}".`, {
    fix: "`study(key) { milModels { key id } }` lists those that are complete.",
    path,
  });
};

export const idOfMilModel = async ({ loaders }: GraphQLContext, model: MilModel): Promise<string> =>
  encodeId("MilModel", (await loaders.study.load(model.studyId)).key, model.key);

export const listMilModels = ({ loaders, viewer }: GraphQLContext, study: Study): Promise<MilModel[]> => {
  authorize(viewer, "study:read", study.key);
  return loaders.studyMilModels.load(study.id);
};

/** Stands for the final head in ids. */
const FINAL = -1;

/** The score of an id's parts, or null. */
export const findMilScore = async (
  context: GraphQLContext,
  parts: readonly (string | number)[],
): Promise<MilScore | null> => {
  const [studyKey, modelKey, patientKey, slideKey, fold] = parts as [string, string, string, string, number];
  authorize(context.viewer, "study:read", studyKey);
  return context.loaders.milScoreByName.load({
    studyKey,
    modelKey,
    patientKey,
    slideKey: slideKey === "" ? null : slideKey,
    fold: fold === FINAL ? null : fold,
  });
};

/** @throws HistoError NOT_FOUND, FORBIDDEN */
export const requireMilScore = async (
  context: GraphQLContext,
  id: string,
  path: readonly string[] = ["score"],
): Promise<MilScore> => {
  const found = await findMilScore(context, requireId("MilScore", id, path));
  if (found) return found;
  throw new HistoError("NOT_FOUND", "There is no such score.", {
    fix: "`milModel(studyKey, key) { scores { nodes { id } } }` lists them; scoreMilModel makes them.",
    path,
  });
};

export const idOfMilScore = async ({ loaders }: GraphQLContext, score: MilScore): Promise<string> => {
  const model = await loaders.milModel.load(score.modelId);
  const [study, patient, slide] = await Promise.all([
    loaders.study.load(model.studyId),
    loaders.patient.load(score.patientId),
    score.slideId === null ? null : loaders.slide.load(score.slideId),
  ]);
  return encodeId("MilScore", study.key, model.key, patient.key, slide?.key ?? "", score.fold ?? FINAL);
};

const authorizeModel = async ({ loaders, viewer }: GraphQLContext, model: MilModel): Promise<void> => {
  authorize(viewer, "study:read", (await loaders.study.load(model.studyId)).key);
};

/** A model's scores, by patient, slide and fold. */
export const listMilScores = async (
  context: GraphQLContext,
  model: MilModel,
  page: PageArguments,
): Promise<Connection<MilScore>> => {
  await authorizeModel(context, model);
  const { app } = context;
  const places = new Map<number, readonly [string, string, number]>();
  return connect(page, {
    find: async (take, after) => {
      const [patientKey, slideKey, fold] = after ?? [];
      const isPlace = typeof patientKey === "string" && typeof slideKey === "string" && typeof fold === "number";
      if (after && !isPlace) throw foreignCursor();
      const found = await readScorePage(app.database, {
        modelId: model.id,
        take,
        after: isPlace ? { patientKey, slideKey, fold } : undefined,
      });
      const rows = await app.prisma.milScore.findMany({ where: { id: { in: found.map(({ id }) => id) } } });
      const byId = new Map(rows.map((row) => [row.id, row]));
      return found.flatMap(({ id, place }) => {
        places.set(id, [place.patientKey, place.slideKey, place.fold]);
        return byId.get(id) ?? [];
      });
    },
    cursorOf: ({ id }) => places.get(id) ?? [],
    cursorLength: 3,
    count: () => app.prisma.milScore.count({ where: { modelId: model.id } }),
  });
};

/** What models say of a patient or slide. @throws HistoError NOT_FOUND, BAD_ARGUMENT for a model of another study */
export const scoresOf = async (
  context: GraphQLContext,
  of: "patient" | "slide",
  owner: Patient | Slide,
  modelId: string | null | undefined,
): Promise<MilScore[]> => {
  const { loaders, viewer } = context;
  authorize(viewer, "study:read", (await loaders.study.load(owner.studyId)).key);
  const model = modelId == null ? null : await requireMilModel(context, modelId);
  if (model && model.studyId !== owner.studyId) {
    throw new HistoError("BAD_ARGUMENT", "The model is of another study; nothing crosses studies.", {
      fix: "Take a model of the same study.",
      path: ["model"],
    });
  }
  return loaders.milScores.load({ of, id: owner.id, modelId: model?.id ?? null });
};
