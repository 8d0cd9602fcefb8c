import { HistoError } from "../../platform/errors.ts";
import type { Random } from "../random.ts";
import { randomStream, shuffled } from "./randomStream.ts";
import { labelOf, numberOf, strataOf, survivalOf } from "./targets.ts";
import type { LabelledBag, MilSplits, MilTarget, MilTask, Split, TrainingOptions } from "./types.ts";

type SplitOptions = Pick<TrainingOptions, "seed" | "patience" | "validationShare">;

const tooFew = (patients: number, folds: number): HistoError =>
  new HistoError("TOO_FEW_PATIENTS", `${patients} patients cannot be parted into ${folds} folds.`, {
    fix: "Choose more patients or fewer folds.",
  });

/** Each patient's targets, in the order of the bags. */
const targetsByPatient = (bags: readonly LabelledBag[]): Map<string, MilTarget[]> => {
  const targets = new Map<string, MilTarget[]>();
  for (const { patient, target } of bags) targets.set(patient, [...(targets.get(patient) ?? []), target]);
  return targets;
};

/**
 * Refuses what cannot be learnt from.
 * @throws BAD_ARGUMENT for a bag without its target; ALL_CENSORED; CLASS_TOO_SMALL for a class with fewer than two patients.
 */
export const checkTargets = (task: MilTask, bags: readonly LabelledBag[]): void => {
  if (task.kind === "REGRESSION") {
    bags.forEach(numberOf);
    return;
  }
  if (task.kind === "SURVIVAL") {
    if (bags.map(survivalOf).some(({ event }) => event)) return;
    throw new HistoError("ALL_CENSORED", `None of the ${bags.length} bags' patients had the event.`, {
      fix: "Choose patients or an endpoint with events.",
    });
  }
  for (const [label, name] of task.classes.entries()) {
    const patients = new Set(bags.flatMap((bag) => (labelOf(bag, task.classes) === label ? [bag.patient] : [])));
    if (patients.size < 2) {
      throw new HistoError("CLASS_TOO_SMALL", `Class ${name} has ${patients.size} patients; two are needed at least.`, {
        fix: "Choose patients with that class, or leave the class out.",
      });
    }
  }
};

/** Patients by stratum, each stratum in random order, one stratum behind the other. */
const inStrata = (patients: readonly string[], strata: ReadonlyMap<string, string>, random: Random): string[] => {
  const groups = Map.groupBy([...patients].sort(), (patient) => strata.get(patient) ?? "");
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, members]) => shuffled(members, random));
};

/** Dealt like cards: every stratum is spread over all folds, and folds differ by one patient at most. */
const dealt = (ordered: readonly string[], folds: number): string[][] =>
  Array.from({ length: folds }, (_, fold) => ordered.filter((_, index) => index % folds === fold));

/** Whole groups, the largest first, each to the fold that has the fewest patients yet. */
const groupFolds = (bags: readonly LabelledBag[], wanted: number | null, random: Random): string[][] => {
  const groups = new Map<string, Set<string>>();
  const groupOf = new Map<string, string>();
  for (const { patient, group = "" } of bags) {
    const before = groupOf.get(patient);
    if (before !== undefined && before !== group) {
      throw new HistoError("LEAKAGE", `Patient ${patient} belongs to the groups ${before} and ${group}.`, {
        fix: "Give every patient one group, or the patient would stand on both sides of a fold.",
      });
    }
    groupOf.set(patient, group);
    groups.set(group, (groups.get(group) ?? new Set()).add(patient));
  }
  const count = wanted ?? groups.size;
  if (groups.size < count || count < 2) {
    throw new HistoError("TOO_FEW_PATIENTS", `${groups.size} groups cannot be parted into ${count} folds.`, {
      fix: "Choose an attribute with more values or fewer folds.",
    });
  }
  const names = shuffled([...groups.keys()].sort(), random);
  const bySize = names.sort((a, b) => (groups.get(b)?.size ?? 0) - (groups.get(a)?.size ?? 0));
  const folds: string[][] = Array.from({ length: count }, () => []);
  for (const name of bySize) {
    const smallest = folds.reduce((least, fold) => (fold.length < least.length ? fold : least));
    smallest.push(...(groups.get(name) ?? []));
  }
  return folds;
};

const givenFolds = (known: ReadonlySet<string>, given: readonly (readonly string[])[]): string[][] => {
  const seen = new Set<string>();
  for (const patient of given.flat()) {
    if (!known.has(patient)) {
      throw new HistoError("NOT_FOUND", `Patient ${patient} of the given folds has no bag.`, { path: ["splits"] });
    }
    if (seen.has(patient)) {
      throw new HistoError("LEAKAGE", `Patient ${patient} stands in two of the given folds.`, { path: ["splits"] });
    }
    seen.add(patient);
  }
  if (given.length === 0 || given.some((fold) => fold.length === 0 || fold.length >= known.size)) {
    throw tooFew(known.size, given.length);
  }
  return given.map((fold) => [...fold]);
};

/**
 * The part of the training patients that early stopping looks at, of every stratum its share; none without patience.
 * No stratum loses its last patient, since what is never trained on cannot be learnt.
 */
const validationPart = (
  patients: readonly string[],
  strata: ReadonlyMap<string, string>,
  { patience, validationShare }: SplitOptions,
  random: Random,
): string[] => {
  if (patience === null) return [];
  const ordered = inStrata(patients, strata, random);
  const wanted = Math.max(1, Math.round(patients.length * validationShare));
  const left = new Map<string, number>();
  for (const patient of patients) left.set(strata.get(patient) ?? "", (left.get(strata.get(patient) ?? "") ?? 0) + 1);
  const step = ordered.length / wanted;
  const chosen: string[] = [];
  for (let i = 0; i < wanted; i++) {
    const patient = ordered[Math.floor((i + 0.5) * step)] as string;
    const stratum = strata.get(patient) ?? "";
    if ((left.get(stratum) ?? 0) < 2) continue;
    left.set(stratum, (left.get(stratum) ?? 0) - 1);
    chosen.push(patient);
  }
  return chosen;
};

/** A Cox loss can only tell epochs apart where somebody outlived, or was followed as long as, somebody with the event. */
const canValidate = (task: MilTask, bags: readonly LabelledBag[], patients: readonly string[]): boolean => {
  if (task.kind !== "SURVIVAL" || task.likelihood !== "COX") return true;
  const chosen = new Set(patients);
  const own = bags.filter(({ patient }) => chosen.has(patient)).map(survivalOf);
  const last = own.reduce((latest, { timeDays }) => Math.max(latest, timeDays), 0);
  const atLast = own.filter(({ timeDays }) => timeDays === last).length;
  return own.some(({ timeDays, event }) => event && (timeDays < last || atLast > 1));
};

/** Parts who is not tested into training and validation. @throws ALL_CENSORED when nobody who trains had the event. */
const withValidation = (
  task: MilTask,
  bags: readonly LabelledBag[],
  patients: readonly string[],
  strata: ReadonlyMap<string, string>,
  options: SplitOptions,
  random: Random,
): Pick<Split, "trainPatients" | "validationPatients"> => {
  const chosen = validationPart(patients, strata, options, random).sort();
  const validationPatients = canValidate(task, bags, chosen) ? chosen : [];
  const validating = new Set(validationPatients);
  const trainPatients = patients.filter((patient) => !validating.has(patient));
  const training = new Set(trainPatients);
  if (task.kind === "SURVIVAL" && !bags.some((bag) => training.has(bag.patient) && survivalOf(bag).event)) {
    throw new HistoError("ALL_CENSORED", "In one of the folds nobody who trains had the event.", {
      fix: "Choose more patients with the event, or fewer folds.",
    });
  }
  return { trainPatients, validationPatients };
};

/**
 * Who trains, validates and is tested, patient by patient; the same seed gives the same folds.
 * @throws TOO_FEW_PATIENTS, ALL_CENSORED, LEAKAGE, NOT_FOUND.
 */
export const splitPatients = (
  task: MilTask,
  bags: readonly LabelledBag[],
  splits: MilSplits,
  options: SplitOptions,
): Split[] => {
  const targets = targetsByPatient(bags);
  const patients = [...targets.keys()].sort();
  const strata = strataOf(task, targets);
  const repeats = splits.kind === "FOLDS" ? splits.repeats : 1;
  const testPatientsOf = (repeat: number): string[][] => {
    const random = randomStream("folds", options.seed, repeat);
    if (splits.kind === "GIVEN") return givenFolds(new Set(patients), splits.testPatients);
    if (splits.kind === "GROUPS") return groupFolds(bags, splits.count, random);
    if (!(splits.count >= 2) || !Number.isInteger(splits.count) || !(repeats >= 1) || !Number.isInteger(repeats)) {
      throw new HistoError("BAD_ARGUMENT", "Folds are two or more, and repeats one or more.", { path: ["splits"] });
    }
    if (patients.length < splits.count) throw tooFew(patients.length, splits.count);
    return dealt(inStrata(patients, strata, random), splits.count);
  };
  return Array.from({ length: repeats }, (_, repeat) =>
    testPatientsOf(repeat).map((testPatients, fold) => ({ repeat, fold, testPatients })),
  )
    .flat()
    .map(({ repeat, fold, testPatients }, index) => {
      const tested = new Set(testPatients);
      const others = patients.filter((patient) => !tested.has(patient));
      if (others.length === 0) throw tooFew(patients.length, splits.kind === "FOLDS" ? splits.count : index + 1);
      const random = randomStream("validation", options.seed, repeat, fold);
      const parts = withValidation(task, bags, others, strata, options, random);
      return { index, repeat, ...parts, testPatients: [...testPatients].sort() };
    });
};

/** The split of the final model: nobody is tested. */
export const finalSplit = (
  task: MilTask,
  bags: readonly LabelledBag[],
  index: number,
  options: SplitOptions,
): Split => {
  const targets = targetsByPatient(bags);
  const patients = [...targets.keys()].sort();
  const random = randomStream("validation", options.seed, "final");
  const parts = withValidation(task, bags, patients, strataOf(task, targets), options, random);
  return { index, repeat: 0, ...parts, testPatients: [] };
};
