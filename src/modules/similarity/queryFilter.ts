import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { FeatureSet, Study } from "../../store/generated/client.ts";
import { readIds } from "../../store/pages.ts";
import { readPatchesInBox } from "../../store/patchesInBox.ts";
import type { VectorFilter } from "../../store/search/index.ts";
import { type PatientFilter, resolvePatientFilter, resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { boxOf, indexesInside, readRegion } from "./region.ts";

export type RegionInput = { slide: string; polygon: unknown };

/** The input PatchFilter. */
export type PatchFilter = {
  patients?: PatientFilter | null;
  slides?: SlideFilter | null;
  region?: RegionInput | null;
};

const requireRegionSlide = async (
  { loaders }: GraphQLContext,
  study: Study,
  featureSet: FeatureSet,
  key: string,
): Promise<{ slideId: number; gridId: number }> => {
  const path = ["filter", "region", "slide"];
  const { pages } = loaders.lists.slide;
  const [found] = await pages.load({
    parent: { kind: "study", id: study.id },
    condition: { kind: "keys", keys: [key] },
    orderings: [],
    after: undefined,
    take: 1,
  });
  if (!found) {
    throw new HistoError("NOT_FOUND", `There is no slide "${key}" in study "${study.key}".`, {
      fix: "Pass the `id` of a slide of this study.",
      path,
    });
  }
  const features = await loaders.slideFeatures.load(found.row.id);
  const made = features.find(({ featureSetId }) => featureSetId === featureSet.id);
  if (made) return { slideId: made.slideId, gridId: made.gridId };
  throw new HistoError("NOT_FOUND", `Slide "${key}" has no vectors in feature set "${featureSet.key}".`, {
    fix: "Embed it into this feature set with embedSlides.",
    path,
  });
};

/** Ids of a slide's patches whose centres lie inside of a region. */
const patchesInRegion = async (
  context: GraphQLContext,
  study: Study,
  featureSet: FeatureSet,
  input: RegionInput,
): Promise<number[]> => {
  const path = ["filter", "region"];
  const region = readRegion(input.polygon, [...path, "polygon"]);
  const [studyKey, slideKey] = requireId("Slide", input.slide, [...path, "slide"]).map(String) as [string, string];
  if (studyKey !== study.key) {
    throw new HistoError("BAD_ARGUMENT", "The region's slide is of another study than the feature set.", {
      fix: "Nothing crosses studies: take slide and feature set from one.",
      path: [...path, "slide"],
    });
  }
  const { gridId } = await requireRegionSlide(context, study, featureSet, slideKey);
  const { sizeX, sizeY } = await context.loaders.grid.load(gridId);
  const { left, top, right, bottom } = boxOf(region);
  const corners = {
    left: left - sizeX / 2,
    top: top - sizeY / 2,
    right: right - sizeX / 2,
    bottom: bottom - sizeY / 2,
  };
  const { ids, x, y } = await readPatchesInBox(context.app.database, gridId, corners);
  const centres = { x: x.map((edge) => edge + sizeX / 2), y: y.map((edge) => edge + sizeY / 2) };
  return Array.from(indexesInside(region, centres), (index) => ids[index] as number);
};

/** A condition on slides that asks of their patients alone is one on patients, of whom there are fewer. */
const ofPatients = (slides: Condition | undefined): Condition | undefined =>
  slides?.kind === "patients" ? slides.of : undefined;

/**
 * A PatchFilter, as the slides, patients and patches that may be hits.
 * @throws HistoError as resolvePatientFilter; BAD_ARGUMENT and LIMIT_EXCEEDED for a region
 */
export const resolvePatchFilter = async (
  context: GraphQLContext,
  study: Study,
  featureSet: FeatureSet,
  filter: PatchFilter | null | undefined,
): Promise<VectorFilter> => {
  if (!filter) return {};
  const { database } = context.app;
  const [slides, patients, patchIds] = await Promise.all([
    filter.slides ? resolveSlideFilter(context, study, filter.slides, ["filter", "slides"]) : undefined,
    filter.patients ? resolvePatientFilter(context, study, filter.patients, ["filter", "patients"]) : undefined,
    filter.region ? patchesInRegion(context, study, featureSet, filter.region) : undefined,
  ]);
  const alone = patients && !slides ? patients : patients ? undefined : ofPatients(slides);
  const [slideIds, patientIds] = alone
    ? [undefined, await readIds(database, "patient", study.id, alone)]
    : await Promise.all([
        slides && readIds(database, "slide", study.id, slides),
        patients && readIds(database, "patient", study.id, patients),
      ]);
  return {
    slideIds,
    patientIds,
    patchIds,
    // An index over a cohort holds just its patients' rows: it serves where nothing else narrows them down.
    cohortId: alone?.kind === "frozenCohort" && !patchIds ? alone.cohortId : undefined,
  };
};
