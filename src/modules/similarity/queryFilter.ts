import { QUALITY_MEASURES } from "../../inference/quality-graph.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { FeatureSet, Study } from "../../store/generated/client.ts";
import { readIds } from "../../store/pages.ts";
import { readPatchesInBox } from "../../store/patchesInBox.ts";
import type { VectorFilter } from "../../store/search/index.ts";
import {
  MAX_FILTER_PARTS,
  type PatientFilter,
  type Predicate,
  predicateCondition,
  resolvePatientFilter,
  resolveSlideFilter,
  type SlideFilter,
} from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import { hasQualityControl } from "../featureSet/preprocessing.ts";
import { resolvePhenotypes } from "../phenotype/phenotypeQuery.ts";
import { boxOf, indexesInside, readRegion } from "./region.ts";

export type RegionInput = { slide: string; polygon: unknown };

/** The input PatchFilter. */
export type PatchFilter = {
  patients?: PatientFilter | null;
  slides?: SlideFilter | null;
  region?: RegionInput | null;
  phenotypes?: readonly string[] | null;
  measurements?: readonly Predicate[] | null;
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

/** @throws HistoError BAD_ARGUMENT, TYPE_MISMATCH */
const readMeasurements = (
  featureSet: FeatureSet,
  predicates: readonly Predicate[],
): NonNullable<VectorFilter["measurements"]> => {
  const path = ["filter", "measurements"];
  if (predicates.length > MAX_FILTER_PARTS) {
    throw new HistoError("LIMIT_EXCEEDED", `The filter has more than ${MAX_FILTER_PARTS} conditions.`, {
      fix: "One range for each measurement is enough.",
      path,
    });
  }
  if (!hasQualityControl(featureSet)) {
    throw new HistoError("BAD_ARGUMENT", `The patches of feature set "${featureSet.key}" were not measured.`, {
      fix: "Embed the slides with preprocessing.qualityControl: true into another feature set.",
      path,
    });
  }
  return predicates.map(({ attribute, test }, index) => {
    const place = [...path, String(index)];
    if (!(QUALITY_MEASURES as readonly string[]).includes(attribute)) {
      throw new HistoError("BAD_ARGUMENT", `There is no measurement "${attribute}".`, {
        fix: `Ask one of ${QUALITY_MEASURES.join(", ")}.`,
        path: [...place, "attribute"],
      });
    }
    const condition = predicateCondition({ key: attribute, type: "NUMBER" }, test, place);
    if (condition.kind === "number") return { name: attribute, test: condition.range };
    return { name: attribute, test: { isMissing: condition.kind === "missing" && condition.isMissing } };
  });
};

/** A condition on slides that asks of their patients alone is one on patients, of whom there are fewer. */
const ofPatients = (slides: Condition | undefined): Condition | undefined =>
  slides?.kind === "patients" ? slides.of : undefined;

/**
 * A PatchFilter, as the slides, patients and patches that may be hits.
 * @throws HistoError as resolvePatientFilter; BAD_ARGUMENT and LIMIT_EXCEEDED for a region, BAD_ARGUMENT for measurements
 */
export const resolvePatchFilter = async (
  context: GraphQLContext,
  study: Study,
  featureSet: FeatureSet,
  filter: PatchFilter | null | undefined,
): Promise<VectorFilter> => {
  if (!filter) return {};
  const { database } = context.app;
  // An empty list asks for nothing.
  const measurements = filter.measurements?.length ? readMeasurements(featureSet, filter.measurements) : undefined;
  const [slides, patients, patchIds, phenotypes] = await Promise.all([
    filter.slides ? resolveSlideFilter(context, study, filter.slides, ["filter", "slides"]) : undefined,
    filter.patients ? resolvePatientFilter(context, study, filter.patients, ["filter", "patients"]) : undefined,
    filter.region ? patchesInRegion(context, study, featureSet, filter.region) : undefined,
    filter.phenotypes
      ? resolvePhenotypes(context, filter.phenotypes, featureSet.id, ["filter", "phenotypes"])
      : undefined,
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
    phenotypes,
    measurements,
    // An index over a cohort holds just its patients' rows: it serves where nothing else narrows them down.
    cohortId: alone?.kind === "frozenCohort" && !patchIds && !phenotypes && !measurements ? alone.cohortId : undefined,
  };
};
