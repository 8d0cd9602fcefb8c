import DataLoader from "dataloader";
import { readValues, type Values, type ValuesRequest } from "../store/attributeValues.ts";
import { type FeatureSetState, readFeatureSetStates } from "../store/checkpoints.ts";
import type { Subject } from "../store/filterSql.ts";
import type {
  Attribute,
  Cohort,
  Encoder,
  FeatureSet,
  PatchGrid,
  Patient,
  Slide,
  SlideFeatures,
  SlideImage,
  Study,
} from "../store/generated/client.ts";
import { type CountRequest, type PageRequest, type Placed, type Rows, readCounts, readPages } from "../store/pages.ts";
import { type PatchRow, readPatches } from "../store/patches.ts";
import { readSearchIndexes, type SearchIndexRow } from "../store/search/indexes.ts";
import { readVectors } from "../store/vectors.ts";
import type { App } from "./context.ts";
import { createJobLists, type JobLists } from "./job/job.loaders.ts";
import { type JobProgress, loadJobProgress } from "./job/job.progress.ts";
import { createMilLoaders, type MilLoaders } from "./mil/mil.loaders.ts";
import { createPatchLoaders, type PatchLoaders } from "./patch/patch.loaders.ts";
import { createPhenotypeLoaders, type PhenotypeLoaders } from "./phenotype/phenotype.loaders.ts";
import { type ClinicalLoaders, createClinicalLoaders } from "./study/clinical.loaders.ts";

/** Keys are unique inside their study. */
type InStudy = { studyId: number; key: string };

type List<S extends Subject> = {
  pages: DataLoader<PageRequest, Placed<Rows[S]>[], string>;
  counts: DataLoader<CountRequest, number, string>;
};

/** One set a request, so that a graph of any size takes one statement for each kind of edge, and nothing is shared. */
export type Loaders = {
  study: DataLoader<number, Study>;
  /** Null when there is no such study. */
  studyByKey: DataLoader<string, Study | null>;
  /** Every attribute of a study, patients' before slides', each by key. */
  dictionary: DataLoader<number, Attribute[]>;
  /** A study's cohorts by key. */
  studyCohorts: DataLoader<number, Cohort[]>;
  studyFeatureSets: DataLoader<number, FeatureSet[]>;
  cohort: DataLoader<number, Cohort>;
  cohortByKey: DataLoader<InStudy, Cohort | null, string>;
  featureSetByKey: DataLoader<InStudy, FeatureSet | null, string>;
  values: DataLoader<ValuesRequest, Values, string>;
  /** Pages and totals of patients and slides. */
  lists: { [S in Subject]: List<S> };
  patient: DataLoader<number, Patient>;
  patientByKey: DataLoader<InStudy, Patient | null, string>;
  slide: DataLoader<number, Slide>;
  slideByKey: DataLoader<InStudy, Slide | null, string>;
  slideImage: DataLoader<number, SlideImage | null>;
  slideGrids: DataLoader<number, PatchGrid[]>;
  grid: DataLoader<number, PatchGrid>;
  encoder: DataLoader<number, Encoder>;
  featureSet: DataLoader<number, FeatureSet>;
  slideFeatures: DataLoader<number, SlideFeatures[]>;
  featureSetState: DataLoader<number, FeatureSetState>;
  patch: DataLoader<number, PatchRow | null>;
  vector: DataLoader<{ featureSetId: number; patchId: number }, Float32Array | null, string>;
  searchIndexes: DataLoader<number, SearchIndexRow[]>;
  jobProgress: DataLoader<string, JobProgress>;
  jobLists: JobLists;
} & ClinicalLoaders &
  PatchLoaders &
  PhenotypeLoaders &
  MilLoaders;

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

const inStudy = <Row extends InStudy>(
  find: (keys: { studyId: { in: number[] }; key: { in: string[] } }) => Promise<Row[]>,
) =>
  new DataLoader<InStudy, Row | null, string>(
    async (keys) => {
      const rows = await find({
        studyId: { in: [...new Set(keys.map(({ studyId }) => studyId))] },
        key: { in: [...new Set(keys.map(({ key }) => key.replaceAll("\0", "")))] },
      });
      const byName = new Map(rows.map((row) => [`${row.studyId}/${row.key}`, row]));
      return keys.map(({ studyId, key }) => byName.get(`${studyId}/${key}`) ?? null);
    },
    { cacheKeyFn: ({ studyId, key }) => `${studyId}/${key}` },
  );

const list = <S extends Subject>(database: App["database"], subject: S): List<S> => ({
  pages: new DataLoader((requests) => readPages(database, subject, requests), { cacheKeyFn: JSON.stringify }),
  counts: new DataLoader((requests) => readCounts(database, subject, requests), { cacheKeyFn: JSON.stringify }),
});

const inOrderOf = <Key, Row>(keys: readonly Key[], rows: readonly Row[], keyOf: (row: Row) => Key): (Row | null)[] => {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
};

export const createLoaders = ({ prisma, database }: Pick<App, "prisma" | "database">): Loaders => ({
  study: new DataLoader(byId((ids) => prisma.study.findMany({ where: { id: { in: ids } } }))),
  studyByKey: new DataLoader(async (keys) =>
    inOrderOf(keys, await prisma.study.findMany({ where: { key: { in: [...keys] } } }), ({ key }) => key),
  ),
  dictionary: new DataLoader(async (ids) =>
    grouped(
      ids,
      await prisma.attribute.findMany({
        where: { studyId: { in: [...ids] } },
        orderBy: [{ level: "asc" }, { key: "asc" }],
      }),
      (attribute) => attribute.studyId,
    ),
  ),
  studyCohorts: new DataLoader(async (ids) =>
    grouped(
      ids,
      await prisma.cohort.findMany({ where: { studyId: { in: [...ids] } }, orderBy: { key: "asc" } }),
      (cohort) => cohort.studyId,
    ),
  ),
  studyFeatureSets: new DataLoader(async (ids) =>
    grouped(
      ids,
      await prisma.featureSet.findMany({ where: { studyId: { in: [...ids] } }, orderBy: { key: "asc" } }),
      (featureSet) => featureSet.studyId,
    ),
  ),
  cohort: new DataLoader(byId((ids) => prisma.cohort.findMany({ where: { id: { in: ids } } }))),
  cohortByKey: inStudy((where) => prisma.cohort.findMany({ where })),
  featureSetByKey: inStudy((where) => prisma.featureSet.findMany({ where })),
  values: new DataLoader((requests) => readValues(database, requests), { cacheKeyFn: JSON.stringify }),
  lists: { patient: list(database, "patient"), slide: list(database, "slide") },
  patient: new DataLoader(byId((ids) => prisma.patient.findMany({ where: { id: { in: ids } } }))),
  patientByKey: inStudy((where) => prisma.patient.findMany({ where })),
  slide: new DataLoader(byId((ids) => prisma.slide.findMany({ where: { id: { in: ids } } }))),
  slideByKey: inStudy((where) => prisma.slide.findMany({ where })),
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
  searchIndexes: new DataLoader((ids) => readSearchIndexes(database, ids)),
  jobProgress: new DataLoader((ids) => loadJobProgress(database, ids)),
  jobLists: createJobLists({ prisma, database }),
  ...createClinicalLoaders({ prisma, database }),
  ...createPatchLoaders({ prisma, database }),
  ...createPhenotypeLoaders({ prisma, database }),
  ...createMilLoaders({ prisma, database }),
});
