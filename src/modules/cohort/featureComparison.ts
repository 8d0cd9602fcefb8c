import type { EnergyTest } from "../../learning/setDistanceEnergy.ts";
import { askSetThread } from "../../learning/setDistanceThread.ts";
import { HistoError } from "../../platform/errors.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import { readSetSlides } from "../../store/setVectors.ts";
import { nearestOfPatients, type PatientMeans, readPatientMeans } from "../../store/setVectorsNearest.ts";
import type { GraphQLContext } from "../context.ts";
import { hydrateHits, type PatchHit } from "../similarity/hydrate.ts";
import { requireSummaries } from "../similarity/similarSets.summaries.ts";
import type { TestedRow } from "./comparison.ts";

/** Relabelings of patients behind a p-value, which is therefore 0.001 at least. */
const PERMUTATIONS = 999;
const SEED = 1;
/** Distances between all of them are computed: 5000 take a second or two. */
const MAX_PATIENTS = 5000;
/** Patches given as typical of a cohort. */
const TYPICAL = 12;
/** A direction shorter than this is rounding. */
const LEAST_LENGTH = 1e-5;

export type FeatureComparison = {
  row: TestedRow;
  distance: number | null;
  typicalOfA: () => Promise<PatchHit[]>;
  typicalOfB: () => Promise<PatchHit[]>;
};

/** Mean direction of each patient's vectors, each patient counting once whatever the number of his patches. */
const readMeans = async (
  { app, signal }: GraphQLContext,
  featureSet: FeatureSet,
  condition: Condition,
): Promise<PatientMeans> => {
  const slides = await readSetSlides(app.database, {
    studyId: featureSet.studyId,
    featureSetId: featureSet.id,
    condition: { kind: "patients", of: condition },
  });
  const held = slides.filter(({ vectorsState }) => vectorsState !== null);
  const missing = held.filter(({ isSummarised }) => !isSummarised).map(({ slideId }) => slideId);
  const made = await requireSummaries(app.database, featureSet.id, missing, signal);
  const ready = held.filter(({ slideId, isSummarised }) => isSummarised || made.has(slideId));
  const ids = ready.map(({ slideId }) => slideId);
  return readPatientMeans(app.database, featureSet.id, ids);
};

const requireFew = (patients: number): void => {
  if (patients <= MAX_PATIENTS) return;
  throw new HistoError(
    "LIMIT_EXCEEDED",
    `${patients} patients with vectors are more than the ${MAX_PATIENTS} that can be compared in features.`,
    { fix: "Compare smaller cohorts, such as random halves, or leave featureSet out.", path: ["input", "featureSet"] },
  );
};

const testEnergy = (a: PatientMeans, b: PatientMeans, signal: AbortSignal): Promise<EnergyTest> => {
  const vectors = new Float32Array(a.means.length + b.means.length);
  vectors.set(a.means);
  vectors.set(b.means, a.means.length);
  const request = { vectors, dims: a.dims, first: a.patientIds.length, permutations: PERMUTATIONS, seed: SEED };
  return askSetThread({ kind: "energy", request }, signal);
};

const meanOf = ({ means, dims, patientIds }: PatientMeans): Float64Array => {
  const mean = new Float64Array(dims);
  for (let index = 0; index < means.length; index++) {
    mean[index % dims] = (mean[index % dims] as number) + (means[index] as number) / patientIds.length;
  }
  return mean;
};

/** Unit vector from the mean of `other` to that of `own`; null where they do not differ. */
const directionTo = (own: PatientMeans, other: PatientMeans): Float64Array | null => {
  const from = meanOf(other);
  const direction = meanOf(own).map((value, index) => value - (from[index] as number));
  const length = Math.hypot(...direction);
  return length > LEAST_LENGTH ? direction.map((value) => value / length) : null;
};

/**
 * A patch's mean cosine to one cohort's patients less that to the other's is its cosine to the difference of their means, times
 * a constant: the witness of the difference (Gretton et al. 2012, Journal of Machine Learning Research 13:723–773, section 2.3)
 * with the cosine as kernel. So the most typical patches are the nearest to that difference.
 */
const typicalOf =
  (context: GraphQLContext, featureSet: FeatureSet, own: PatientMeans, other: PatientMeans) => async () => {
    const isComparable = own.patientIds.length > 0 && other.patientIds.length > 0;
    const direction = isComparable ? directionTo(own, other) : null;
    if (!direction) return [];
    const { database } = context.app;
    return hydrateHits(context, await nearestOfPatients(database, featureSet.id, direction, own.patientIds, TYPICAL));
  };

/**
 * How far two cohorts are apart in features, tested by relabeling patients, and the patches that are typical of each.
 * @param patients of cohorts a and b, with vectors or without
 * @throws HistoError LIMIT_EXCEEDED
 */
export const compareFeatures = async (
  context: GraphQLContext,
  featureSet: FeatureSet,
  conditions: readonly [a: Condition, b: Condition],
  patients: readonly [a: number, b: number],
): Promise<FeatureComparison> => {
  const a = await readMeans(context, featureSet, conditions[0]);
  const b = await readMeans(context, featureSet, conditions[1]);
  const sizes = [a.patientIds.length, b.patientIds.length];
  requireFew(a.patientIds.length + b.patientIds.length);
  const test = Math.min(...sizes) > 0 ? await testEnergy(a, b, context.signal) : null;
  // Of a cohort of one, no relabeling can tell.
  const isTested = test !== null && Math.min(...sizes) > 1;
  const describe = ({ patientIds, patches }: PatientMeans, all: number) => ({
    n: patientIds.length,
    missing: all - patientIds.length,
    patches,
  });
  return {
    row: {
      name: "features",
      a: describe(a, patients[0]),
      b: describe(b, patients[1]),
      test: isTested ? `energy distance, ${PERMUTATIONS} permutations of patients` : "none",
      statistic: isTested ? test.statistic : null,
      pValue: isTested ? test.pValue : null,
    },
    distance: test?.coefficient ?? null,
    typicalOfA: typicalOf(context, featureSet, a, b),
    typicalOfB: typicalOf(context, featureSet, b, a),
  };
};
