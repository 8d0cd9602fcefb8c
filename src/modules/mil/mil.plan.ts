import { checkTargets, splitPatients } from "../../learning/mil/folds.ts";
import {
  DEFAULT_TRAINING,
  type HeadDefinition,
  headWithDefaults,
  type LabelledBag,
  type MilSplits,
  type MilTarget,
  type TrainingOptions,
} from "../../learning/mil/index.ts";
import { digestOf, type Json } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import type { SourceSlide } from "../../store/codebooks.ts";
import type { Attribute, FeatureSet, Study } from "../../store/generated/client.ts";
import { readLabels } from "../../store/milTargets.ts";
import { requireAttribute } from "../base/attributes.ts";
import type { PatientFilter } from "../base/filters.ts";
import type { App } from "../context.ts";
import type { Loaders } from "../loaders.ts";
import type { CodebookMapper } from "../phenotype/schema.mappers.ts";
import { type BagSource, bagSnapshot, findBags } from "./mil.bags.ts";
import { givenTests, type Maybe, type TrainInput } from "./mil.input.ts";
import { readRequest } from "./mil.request.ts";
import { engineTask, labelPlace, type StoredTask, settleTask, targetOf } from "./mil.task.ts";

export type PlannedBag = BagSource & { target: MilTarget; value: unknown; group: string | undefined };

/** Everything that a training depends on; equal digests mean equal trainings. */
export type TrainingPlan = {
  study: Study;
  featureSet: FeatureSet;
  codebook: CodebookMapper | null;
  cohortId: number | null;
  task: StoredTask;
  head: HeadDefinition;
  options: TrainingOptions;
  splits: MilSplits;
  foldCount: number;
  bags: PlannedBag[];
  /** Attributes of the clinical baseline; null: those that nearly all patients have. */
  clinicalBaseline: Attribute[] | null;
  /** Patients and slides that passed the filter and have no label or group. */
  withoutLabel: number;
  withoutGroup: number;
  digest: string;
};

const DEFAULT_FOLDS = { count: 5, repeats: 1 };

/** @throws HistoError LEAKAGE when one image stands for two patients */
const requireNoDuplicates = (bags: readonly BagSource[]): void => {
  const byChecksum = Map.groupBy(
    bags.flatMap(({ slides }) => slides),
    ({ slideChecksum }) => slideChecksum,
  );
  // Slides whose files nobody has seen have no checksum, and are not the same for it.
  byChecksum.delete("");
  for (const slides of byChecksum.values()) {
    const [first, ...others] = slides as [SourceSlide, ...SourceSlide[]];
    const other = others.find(({ patientId }) => patientId !== first.patientId);
    if (!other) continue;
    throw new HistoError(
      "LEAKAGE",
      `Slides ${first.slideKey} and ${other.slideKey} are the same file, under two patients: one could be trained and the other tested on.`,
      {
        fix: `Leave one out with slides: {not: {keys: ["${other.slideKey}"]}}, or correct its patient.`,
        path: ["slides"],
      },
    );
  }
};

/** @throws HistoError BAD_ARGUMENT when the codebook has not assigned every slide */
export const requireAssigned = async (
  app: App,
  codebook: { buildId: number },
  bags: readonly BagSource[],
): Promise<void> => {
  const assigned = await app.prisma.codebookSlide.findMany({
    where: { buildId: codebook.buildId },
    select: { slideId: true },
  });
  const known = new Set(assigned.map(({ slideId }) => slideId));
  const missing = bags.flatMap(({ slides }) => slides).filter(({ slideId }) => !known.has(slideId));
  if (missing.length === 0) return;
  throw new HistoError(
    "BAD_ARGUMENT",
    `The codebook has not assigned the patches of ${missing.length} slides, such as ${missing[0]?.slideKey}.`,
    { fix: "Run buildCodebook again with the same parameters: it assigns slides that came later.", path: ["codebook"] },
  );
};

/** The value of the attribute by which patients are grouped, by patient. */
const readGroups = async (
  app: App,
  dictionary: readonly Attribute[],
  study: Study,
  bags: readonly BagSource[],
  key: string,
): Promise<Map<number, string>> => {
  const path = ["splits", "groupBy"];
  const attribute = requireAttribute(dictionary, key, "PATIENT", path, study.key);
  if (attribute.type !== "CATEGORY" && attribute.type !== "BOOLEAN") {
    throw new HistoError("TYPE_MISMATCH", `Attribute ${key} is a ${attribute.type}, which makes no groups.`, {
      fix: "Choose a category, such as the site.",
      path,
    });
  }
  const values = await readLabels(
    app.database,
    bags.map(({ patientId }) => patientId),
    { level: "PATIENT", key },
  );
  return new Map([...values].map(([id, value]) => [id, String(value)]));
};

/** The cohort, where the patients' filter is one cohort and nothing else. */
const cohortOf = async (loaders: Loaders, study: Study, filter: Maybe<PatientFilter>): Promise<number | null> => {
  if (filter?.cohort == null) return null;
  const [, key] = requireId("Cohort", filter.cohort, ["patients", "cohort"]);
  return (await loaders.cohortByKey.load({ studyId: study.id, key: String(key) }))?.id ?? null;
};

const optionsOf = (input: TrainInput): TrainingOptions => ({
  ...DEFAULT_TRAINING,
  seed: input.seed,
  epochs: input.epochs,
  patience: input.patience,
  learningRate: input.learningRate,
  weightDecay: input.weightDecay,
  optimiser: input.optimiser,
  l1: input.l1,
  patientsPerStep: input.patientsPerStep,
  maxPatchesPerStep: input.maxPatchesPerStep,
  classWeights: input.classWeights,
});

/** The engine's bags as far as folds need them. */
export const labelledBags = (bags: readonly PlannedBag[]): LabelledBag[] =>
  bags.map(({ key, patientKey, patches, target, group }) => ({
    key,
    patient: patientKey,
    patches,
    target,
    group,
    read: () => Promise.reject(new Error("Folds read no vectors.")),
  }));

/**
 * What a training will do, with everything checked that can be told before vectors are read.
 * @throws HistoError BAD_ARGUMENT, NOT_FOUND, COLUMN_UNKNOWN, TYPE_MISMATCH, TOO_FEW_PATIENTS, ALL_CENSORED, CLASS_TOO_SMALL, LEAKAGE
 */
export const planTraining = async (
  { app, loaders }: { app: App; loaders: Loaders },
  featureSet: FeatureSet,
  input: TrainInput,
): Promise<TrainingPlan> => {
  const { study, architecture, dictionary, asked, codebook, clinicalBaseline, condition } = await readRequest(
    { app, loaders },
    featureSet,
    input,
  );
  const found = await findBags(app, featureSet, input.unit, condition);
  const place = labelPlace(asked);
  const isSlideLabel = "level" in place && place.level === "SLIDE";
  const idOf = ({ patientId, slideId }: BagSource) => (isSlideLabel ? (slideId ?? -1) : patientId);
  const labels = await readLabels(app.database, found.map(idOf), place);
  const groupKey = input.splits?.groupBy;
  const groups = groupKey == null ? null : await readGroups(app, dictionary, study, found, groupKey);
  const labelled = found.flatMap((bag): PlannedBag[] => {
    const value = labels.get(idOf(bag));
    const target = value === undefined ? null : targetOf(asked, value);
    return target ? [{ ...bag, target, value, group: groups?.get(bag.patientId) }] : [];
  });
  const bags = groups ? labelled.filter(({ group }) => group !== undefined) : labelled;
  if (bags.length === 0) {
    throw new HistoError(
      "TOO_FEW_PATIENTS",
      `None of the ${found.length} patients or slides has vectors and a label.`,
      {
        fix: "Embed their slides with embedSlides, import their labels with importClinical, or widen the filter.",
        path: ["patients"],
      },
    );
  }
  requireNoDuplicates(bags);
  if (codebook) await requireAssigned(app, codebook, bags);
  const task = settleTask(
    asked,
    bags.map(({ target }) => target),
  );
  const head = headWithDefaults({
    architecture,
    task: engineTask(task),
    dims: featureSet.dims,
    ...(input.hidden != null && { hidden: input.hidden === 0 ? null : input.hidden }),
    ...(input.dropout != null && { dropout: input.dropout }),
    ...(codebook && { clusters: codebook.build.clusters }),
  });
  const options = optionsOf(input);
  const splits: MilSplits =
    input.splits?.given != null
      ? {
          kind: "GIVEN",
          testPatients: givenTests(input.splits.given, new Set(bags.map(({ patientKey }) => patientKey))),
        }
      : groupKey != null
        ? { kind: "GROUPS", count: null }
        : { kind: "FOLDS", ...(input.splits?.folds ?? DEFAULT_FOLDS) };
  const engineBags = labelledBags(bags);
  checkTargets(head.task, engineBags);
  const foldCount = splitPatients(head.task, engineBags, splits, options).length;
  const digest = digestOf({
    key: input.key,
    featureSet: featureSet.digest,
    codebook: codebook?.digest ?? null,
    task: task as unknown as Json,
    unit: input.unit,
    head: head as unknown as Json,
    options: options as unknown as Json,
    splits: splits as unknown as Json,
    clinicalBaseline: clinicalBaseline?.map(({ key }) => key) ?? null,
    bags: bags.map((bag) => ({ ...bagSnapshot(bag), target: bag.value as Json, group: bag.group ?? null })),
  });
  return {
    study,
    featureSet,
    codebook,
    cohortId: await cohortOf(loaders, study, input.patients),
    task,
    head,
    options,
    splits,
    foldCount,
    bags,
    clinicalBaseline,
    withoutLabel: found.length - labelled.length,
    withoutGroup: labelled.length - bags.length,
    digest,
  };
};
