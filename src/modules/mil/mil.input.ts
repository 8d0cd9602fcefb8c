import type { MilArchitecture } from "../../learning/mil/index.ts";
import { HistoError } from "../../platform/errors.ts";
import type { PatientFilter, SlideFilter } from "../base/filters.ts";
import type { MilTaskInput } from "./mil.task.ts";

export type Maybe<T> = T | null | undefined;

/** The input TrainMilModelInput. */
export type TrainInput = {
  key: string;
  featureSet: string;
  architecture: MilArchitecture | "IMPORTED";
  task: MilTaskInput;
  unit: "PATIENT" | "SLIDE";
  patients?: Maybe<PatientFilter>;
  slides?: Maybe<SlideFilter>;
  codebook?: Maybe<string>;
  splits?: Maybe<{
    folds?: Maybe<{ count: number; repeats: number }>;
    groupBy?: Maybe<string>;
    given?: unknown;
  }>;
  seed: number;
  epochs: number;
  patience: number;
  learningRate: number;
  weightDecay: number;
  optimiser: "ADAM" | "ADAMW";
  l1: number;
  patientsPerStep: number;
  maxPatchesPerStep: number;
  hidden?: Maybe<number>;
  dropout?: Maybe<number>;
  classWeights: boolean;
  clinicalBaseline?: Maybe<readonly string[]>;
};

/** @throws HistoError BAD_ARGUMENT */
export const requireNumbers = (input: TrainInput): void => {
  const within = (name: keyof TrainInput, least: number, most: number) => {
    const value = input[name] as Maybe<number>;
    if (value == null || (value >= least && value <= most)) return;
    throw new HistoError("BAD_ARGUMENT", `${name}: ${value} is not between ${least} and ${most}.`, {
      fix: `Give a number from ${least} to ${most}.`,
      path: [name],
    });
  };
  within("epochs", 1, 10_000);
  within("patience", 1, 10_000);
  within("learningRate", 1e-9, 10);
  within("weightDecay", 0, 10);
  within("l1", 0, 10);
  within("patientsPerStep", 1, 4096);
  within("maxPatchesPerStep", 1, 65_536);
  within("hidden", 0, 4096);
  within("dropout", 0, 0.99);
  const folds = input.splits?.folds;
  if (folds && !(folds.count >= 2 && folds.count <= 50 && folds.repeats >= 1 && folds.repeats <= 20)) {
    throw new HistoError("BAD_ARGUMENT", `${folds.repeats} × ${folds.count} folds are not possible.`, {
      fix: "Ask for 2 to 50 folds, repeated 1 to 20 times.",
      path: ["splits", "folds"],
    });
  }
};

const repeated = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) < index);

const isKeys = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** @throws HistoError BAD_ARGUMENT for another shape, LEAKAGE for a patient on both sides */
export const givenTests = (given: unknown, patients: ReadonlySet<string>): string[][] => {
  const path = ["splits", "given"];
  const refuse = (message: string): never => {
    throw new HistoError("BAD_ARGUMENT", message, {
      fix: 'Give a list of folds: [["patient-1", …], …], or [{"test": […], "train": […]}, …].',
      path,
    });
  };
  if (!Array.isArray(given) || given.length === 0) return refuse("The given folds are not a list.");
  const tests = given.map((fold: unknown, index) => {
    if (isKeys(fold)) return fold;
    const { test, train } = (typeof fold === "object" && fold !== null ? fold : {}) as Record<string, unknown>;
    if (!isKeys(test)) return refuse(`Fold ${index} names no patients to test.`);
    if (train === undefined || train === null) return test;
    if (!isKeys(train)) return refuse(`The patients to train of fold ${index} are not a list of keys.`);
    const tested = new Set(test);
    const both = train.find((patient) => tested.has(patient));
    if (both !== undefined) {
      throw new HistoError("LEAKAGE", `Patient ${both} is both trained and tested on in fold ${index}.`, {
        fix: "Name every patient on one side.",
        path: [...path, String(index)],
      });
    }
    const named = new Set([...test, ...train]);
    const unnamed = [...patients].find((patient) => !named.has(patient));
    if (unnamed !== undefined) refuse(`Patient ${unnamed} is on no side of fold ${index}.`);
    return test;
  });
  const twice = repeated(tests.flat());
  if (twice === undefined) return tests;
  throw new HistoError("LEAKAGE", `Patient ${twice} is tested in two of the given folds.`, {
    fix: "Test every patient in one fold; for repeats train again with another seed.",
    path,
  });
};
