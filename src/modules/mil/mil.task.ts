import type { MilTarget, MilTask } from "../../learning/mil/index.ts";
import { HistoError } from "../../platform/errors.ts";
import { quantileOfSorted } from "../../statistics/index.ts";
import type { Attribute, Study } from "../../store/generated/client.ts";
import type { LabelPlace } from "../../store/milTargets.ts";
import { requireAttribute } from "../base/attributes.ts";
import type { Loaders } from "../loaders.ts";

/** The input MilTaskInput. */
export type MilTaskInput = {
  survival?: { endpoint: string; intervals?: number | null | undefined } | null | undefined;
  classification?: { attribute: string } | null | undefined;
  regression?: { attribute: string } | null | undefined;
};

/** What a head predicts, as it is stored with the model. */
export type StoredTask =
  | { kind: "SURVIVAL"; endpoint: string; intervals: number | null; cutsDays: number[] | null }
  | { kind: "CLASSIFICATION"; attribute: string; level: "PATIENT" | "SLIDE"; classes: string[] }
  | { kind: "REGRESSION"; attribute: string; level: "PATIENT" | "SLIDE" };

const MAX_INTERVALS = 50;

const endpointTask = async (
  loaders: Loaders,
  study: Study,
  { endpoint, intervals }: { endpoint: string; intervals?: number | null | undefined },
): Promise<StoredTask> => {
  const known = (await loaders.studyEndpoints.load(study.id)).map(({ key }) => key);
  if (!known.includes(endpoint)) {
    throw new HistoError("NOT_FOUND", `Study "${study.key}" has no endpoint "${endpoint.slice(0, 100)}".`, {
      fix: known.length > 0 ? `Use one of: ${known.join(", ")}.` : "Import one with importClinical: endpoints.",
      path: ["task", "survival", "endpoint"],
    });
  }
  if (intervals != null && (intervals < 2 || intervals > MAX_INTERVALS)) {
    throw new HistoError("BAD_ARGUMENT", `intervals: ${intervals} is not between 2 and ${MAX_INTERVALS}.`, {
      fix: "Ask for 2 to 50, or leave it out for Cox's likelihood.",
      path: ["task", "survival", "intervals"],
    });
  }
  return { kind: "SURVIVAL", endpoint, intervals: intervals ?? null, cutsDays: null };
};

const requireType = (attribute: Attribute, types: readonly string[], path: readonly string[]): Attribute => {
  if (types.includes(attribute.type)) return attribute;
  throw new HistoError(
    "TYPE_MISMATCH",
    `Attribute ${attribute.key} is a ${attribute.type}; this task needs ${types.join(" or ")}.`,
    { fix: "Choose another attribute or another task, or import its column with that type.", path },
  );
};

/**
 * The task of an input, checked against the study's dictionary. Classes and cut points are those of the dictionary and of no
 * patients yet: see `settleTask`.
 * @throws HistoError NOT_FOUND, COLUMN_UNKNOWN, TYPE_MISMATCH, BAD_ARGUMENT
 */
export const readTask = async (
  loaders: Loaders,
  study: Study,
  unit: "PATIENT" | "SLIDE",
  input: MilTaskInput,
): Promise<StoredTask> => {
  if (input.survival) return endpointTask(loaders, study, input.survival);
  const name = input.classification ? "classification" : "regression";
  const key = (input.classification ?? input.regression)?.attribute ?? "";
  const path = ["task", name, "attribute"];
  const dictionary = await loaders.dictionary.load(study.id);
  const attribute = requireAttribute(dictionary, key, unit === "PATIENT" ? "PATIENT" : undefined, path, study.key);
  if (name === "regression") {
    requireType(attribute, ["NUMBER"], path);
    return { kind: "REGRESSION", attribute: key, level: attribute.level };
  }
  requireType(attribute, ["CATEGORY", "BOOLEAN"], path);
  return { kind: "CLASSIFICATION", attribute: key, level: attribute.level, classes: [] };
};

export const labelPlace = (task: StoredTask): LabelPlace =>
  task.kind === "SURVIVAL" ? { endpoint: task.endpoint } : { level: task.level, key: task.attribute };

/** A stored label as a head learns it; null when it is none. */
export const targetOf = (task: StoredTask, value: unknown): MilTarget | null => {
  if (task.kind === "SURVIVAL") {
    const [timeDays, event] = Array.isArray(value) ? (value as unknown[]) : [];
    return typeof timeDays === "number" && typeof event === "boolean" ? { timeDays, event } : null;
  }
  if (task.kind === "REGRESSION") return typeof value === "number" ? { value } : null;
  return typeof value === "string" || typeof value === "boolean" ? { label: String(value) } : null;
};

/** The ends of `intervals` intervals in which about equally many have the event. */
const cutsOf = (targets: readonly MilTarget[], intervals: number): number[] => {
  const times = Float64Array.from(
    targets.flatMap((target) => ("timeDays" in target && target.event ? [target.timeDays] : [])),
  ).sort();
  if (times.length === 0) return [];
  const cuts = Array.from({ length: intervals - 1 }, (_, index) => quantileOfSorted(times, (index + 1) / intervals));
  return [...new Set(cuts)].filter((cut) => cut > 0);
};

/**
 * The task with what only the bags tell: the classes that occur, ascending, and where intervals end.
 * @throws HistoError CLASS_TOO_SMALL for one class, ALL_CENSORED
 */
export const settleTask = (task: StoredTask, targets: readonly MilTarget[]): StoredTask => {
  if (task.kind === "CLASSIFICATION") {
    const classes = [...new Set(targets.flatMap((target) => ("label" in target ? [target.label] : [])))].sort();
    if (classes.length >= 2) return { ...task, classes };
    throw new HistoError(
      "CLASS_TOO_SMALL",
      `Every patient has the same ${task.attribute}: nothing can be told apart.`,
      {
        fix: "Choose patients that differ in it, or another attribute.",
        path: ["task", "classification", "attribute"],
      },
    );
  }
  if (task.kind !== "SURVIVAL") return task;
  if (!targets.some((target) => "event" in target && target.event)) {
    throw new HistoError("ALL_CENSORED", `None of the ${targets.length} patients had the event.`, {
      fix: "Choose patients or an endpoint with events.",
      path: ["task", "survival", "endpoint"],
    });
  }
  return task.intervals === null ? task : { ...task, cutsDays: cutsOf(targets, task.intervals) };
};

/** The task as the engine knows it. */
export const engineTask = (task: StoredTask): MilTask => {
  if (task.kind === "CLASSIFICATION") return { kind: "CLASSIFICATION", classes: task.classes };
  if (task.kind === "REGRESSION") return { kind: "REGRESSION" };
  return task.cutsDays === null
    ? { kind: "SURVIVAL", likelihood: "COX" }
    : { kind: "SURVIVAL", likelihood: "DISCRETE", cutsDays: task.cutsDays };
};
