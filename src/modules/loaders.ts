import DataLoader from "dataloader";
import { type FeatureSetState, readFeatureSetStates } from "../store/checkpoints.ts";
import type {
  Encoder,
  FeatureSet,
  PatchGrid,
  Patient,
  Slide,
  SlideFeatures,
  SlideImage,
  Study,
} from "../store/generated/client.ts";
import { type PatchRow, readPatches } from "../store/patches.ts";
import { readVectors } from "../store/vectors.ts";
import type { App } from "./context.ts";
import { type JobProgress, loadJobProgress } from "./job/job.progress.ts";

/** One set a request, so that a graph of any size takes one statement for each kind of edge, and nothing is shared. */
export type Loaders = {
  study: DataLoader<number, Study>;
  patient: DataLoader<number, Patient>;
  slide: DataLoader<number, Slide>;
  slideImage: DataLoader<number, SlideImage | null>;
  slideGrids: DataLoader<number, PatchGrid[]>;
  grid: DataLoader<number, PatchGrid>;
  encoder: DataLoader<number, Encoder>;
  featureSet: DataLoader<number, FeatureSet>;
  slideFeatures: DataLoader<number, SlideFeatures[]>;
  featureSetState: DataLoader<number, FeatureSetState>;
  patch: DataLoader<number, PatchRow | null>;
  vector: DataLoader<{ featureSetId: number; patchId: number }, Float32Array | null, string>;
  jobProgress: DataLoader<string, JobProgress>;
};

const byId =
  <Row extends { id: number }>(find: (ids: number[]) => Promise<Row[]>) =>
  async (ids: readonly number[]): Promise<(Row | Error)[]> => {
    const rows = new Map((await find([...ids])).map((row) => [row.id, row]));
    return ids.map((id) => rows.get(id) ?? new Error("A row was deleted while it was being read."));
  };

const grouped = <Row>(ids: readonly number[], rows: readonly Row[], keyOf: (row: Row) => number): Row[][] => {
  const groups = Map.groupBy(rows, keyOf);
  return ids.map((id) => groups.get(id) ?? []);
};

export const createLoaders = ({ prisma, database }: Pick<App, "prisma" | "database">): Loaders => ({
  study: new DataLoader(byId((ids) => prisma.study.findMany({ where: { id: { in: ids } } }))),
  patient: new DataLoader(byId((ids) => prisma.patient.findMany({ where: { id: { in: ids } } }))),
  slide: new DataLoader(byId((ids) => prisma.slide.findMany({ where: { id: { in: ids } } }))),
  slideImage: new DataLoader(async (ids) => {
    const rows = await prisma.slideImage.findMany({ where: { slideId: { in: [...ids] } } });
    const bySlide = new Map(rows.map((row) => [row.slideId, row]));
    return ids.map((id) => bySlide.get(id) ?? null);
  }),
  slideGrids: new DataLoader(async (ids) =>
    grouped(
      ids,
      await prisma.patchGrid.findMany({ where: { slideId: { in: [...ids] } }, orderBy: { id: "asc" } }),
      (grid) => grid.slideId,
    ),
  ),
  grid: new DataLoader(byId((ids) => prisma.patchGrid.findMany({ where: { id: { in: ids } } }))),
  encoder: new DataLoader(byId((ids) => prisma.encoder.findMany({ where: { id: { in: ids } } }))),
  featureSet: new DataLoader(byId((ids) => prisma.featureSet.findMany({ where: { id: { in: ids } } }))),
  slideFeatures: new DataLoader(async (ids) =>
    grouped(
      ids,
      await prisma.slideFeatures.findMany({ where: { slideId: { in: [...ids] } }, orderBy: { featureSetId: "asc" } }),
      (features) => features.slideId,
    ),
  ),
  featureSetState: new DataLoader((ids) => readFeatureSetStates(database, ids)),
  patch: new DataLoader((ids) => readPatches(database, ids)),
  vector: new DataLoader(
    async (keys) => {
      const sets = Map.groupBy(keys, (key) => key.featureSetId);
      const found = new Map<string, Float32Array | null>();
      for (const [featureSetId, members] of sets) {
        const ids = members.map((key) => key.patchId);
        const vectors = await readVectors(database, featureSetId, ids);
        ids.forEach((id, index) => {
          found.set(`${featureSetId}/${id}`, vectors[index] ?? null);
        });
      }
      return keys.map((key) => found.get(`${key.featureSetId}/${key.patchId}`) ?? null);
    },
    { cacheKeyFn: (key) => `${key.featureSetId}/${key.patchId}` },
  ),
  jobProgress: new DataLoader((ids) => loadJobProgress(database, ids)),
});
