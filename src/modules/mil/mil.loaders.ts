import DataLoader from "dataloader";
import type { MilFold, MilModel, MilScore } from "../../store/generated/client.ts";
import { type MilModelState, readMilModelStates } from "../../store/milModels.ts";
import { readChangedSlides, readScoredSlides, type ScoredSlide } from "../../store/milScores.ts";
import type { App } from "../context.ts";

/** Whose scores, of one model or of all (null). */
export type ScoresRequest = { of: "patient" | "slide"; id: number; modelId: number | null };

/** What a score's id says. */
export type ScoreName = {
  studyKey: string;
  modelKey: string;
  patientKey: string;
  slideKey: string | null;
  fold: number | null;
};

export type MilLoaders = {
  /** Null when there is no such score. */
  milScoreByName: DataLoader<ScoreName, MilScore | null, string>;
  milModel: DataLoader<number, MilModel>;
  /** Of a study, newest first. */
  studyMilModels: DataLoader<number, MilModel[]>;
  /** Of a model, by number. */
  milFolds: DataLoader<number, MilFold[]>;
  milModelState: DataLoader<number, MilModelState>;
  /** Newest model first, then by slide and fold, the final head last. */
  milScores: DataLoader<ScoresRequest, MilScore[], string>;
  scoredSlides: DataLoader<number, ScoredSlide[]>;
  /** How many slides of a score's bag have other vectors now. */
  scoreChanges: DataLoader<number, number>;
};

const inOrder = <Row extends { id: number }>(ids: readonly number[], rows: readonly Row[]): (Row | Error)[] => {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? new Error("A row was deleted while it was being read."));
};

export const createMilLoaders = ({ prisma, database }: Pick<App, "prisma" | "database">): MilLoaders => ({
  // One or two names a request, each asked of many patches.
  milScoreByName: new DataLoader(
    (names) =>
      Promise.all(
        names.map(({ studyKey, modelKey, patientKey, slideKey, fold }) =>
          prisma.milScore.findFirst({
            where: {
              model: { key: modelKey, study: { key: studyKey } },
              patient: { key: patientKey },
              ...(slideKey === null ? { slideId: null } : { slide: { key: slideKey } }),
              fold,
            },
          }),
        ),
      ),
    { cacheKeyFn: JSON.stringify },
  ),
  milModel: new DataLoader(async (ids) =>
    inOrder(ids, await prisma.milModel.findMany({ where: { id: { in: [...ids] } } })),
  ),
  studyMilModels: new DataLoader(async (ids) => {
    const rows = await prisma.milModel.findMany({
      where: { studyId: { in: [...ids] } },
      orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    });
    const groups = Map.groupBy(rows, ({ studyId }) => studyId);
    return ids.map((id) => groups.get(id) ?? []);
  }),
  milFolds: new DataLoader(async (ids) => {
    const rows = await prisma.milFold.findMany({
      where: { modelId: { in: [...ids] } },
      orderBy: [{ modelId: "asc" }, { index: "asc" }],
    });
    const groups = Map.groupBy(rows, ({ modelId }) => modelId);
    return ids.map((id) => groups.get(id) ?? []);
  }),
  milModelState: new DataLoader((ids) => readMilModelStates(database, ids)),
  milScores: new DataLoader(
    async (requests) => {
      const idsOf = (of: ScoresRequest["of"]) => requests.filter((each) => each.of === of).map(({ id }) => id);
      const rows = await prisma.milScore.findMany({
        where: { OR: [{ patientId: { in: idsOf("patient") } }, { slideId: { in: idsOf("slide") } }] },
        orderBy: [{ modelId: "desc" }, { slideId: "asc" }, { fold: { sort: "asc", nulls: "last" } }],
      });
      return requests.map(({ of, id, modelId }) =>
        rows.filter(
          (row) =>
            (of === "patient" ? row.patientId : row.slideId) === id && (modelId === null || row.modelId === modelId),
        ),
      );
    },
    { cacheKeyFn: ({ of, id, modelId }) => `${of}/${id}/${modelId}` },
  ),
  scoredSlides: new DataLoader((ids) => readScoredSlides(database, ids)),
  scoreChanges: new DataLoader((ids) => readChangedSlides(database, ids)),
});
