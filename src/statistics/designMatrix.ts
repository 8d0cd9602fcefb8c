import { HistoError } from "../platform/errors.ts";

/** A covariate as the model should read it. Missing values are null (or NaN): see `completePatients`. */
export type CovariateTerm =
  | { kind: "numeric"; name: string; values: ArrayLike<number | null> }
  /** One column, 1 where true, named `name: true`. */
  | { kind: "boolean"; name: string; values: ArrayLike<boolean | null> }
  /** One 0/1 column for each category but the reference, named `name: category`. */
  | {
      kind: "categorical";
      name: string;
      values: ArrayLike<string | null>;
      /** By default the first category in code-unit order, as R's factor() in the C locale. */
      reference?: string | undefined;
    };

export type DesignMatrix = {
  patients: number;
  /** One name and one array of `patients` values for each column. */
  names: string[];
  columns: Float64Array[];
  /** The columns `first` … `first + count − 1` of each term. */
  terms: { name: string; first: number; count: number }[];
};

const isMissing = (value: number | string | boolean | null | undefined): boolean =>
  value === null || value === undefined || Number.isNaN(value);

/**
 * Which patients have a value for every term, and how many lack each term (a patient may lack several).
 * Fit the model on the complete ones and say how many were left out and why.
 */
export const completePatients = (
  terms: readonly CovariateTerm[],
  patients: number,
): { complete: number[]; missing: { name: string; patients: number }[] } => {
  const isComplete = new Uint8Array(patients).fill(1);
  const missing = terms.map(({ name, values }) => {
    let lacking = 0;
    for (let i = 0; i < patients; i += 1) {
      if (!isMissing(values[i])) continue;
      lacking += 1;
      isComplete[i] = 0;
    }
    return { name, patients: lacking };
  });
  const complete: number[] = [];
  for (let i = 0; i < patients; i += 1) if (isComplete[i]) complete.push(i);
  return { complete, missing };
};

const refuse = (message: string, fix: string): never => {
  throw new HistoError("BAD_ARGUMENT", message, { fix, path: ["terms"] });
};

const checkValues = ({ name, values }: CovariateTerm, patients: number): void => {
  if (values.length !== patients)
    refuse(
      `The covariate "${name}" has ${values.length} values for ${patients} patients.`,
      "Give one value per patient.",
    );
  for (let i = 0; i < patients; i += 1) {
    const value = values[i];
    if (isMissing(value) || value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY)
      refuse(
        `The covariate "${name}" is missing or infinite for some of the patients.`,
        "Leave those patients out, or leave the covariate out.",
      );
  }
};

const numbers = (values: ArrayLike<number | boolean | null>, patients: number): Float64Array =>
  Float64Array.from({ length: patients }, (_, i) => Number(values[i]));

const columnsOf = (term: CovariateTerm, patients: number): { name: string; values: Float64Array }[] => {
  if (term.kind === "numeric") return [{ name: term.name, values: numbers(term.values, patients) }];
  if (term.kind === "boolean") return [{ name: `${term.name}: true`, values: numbers(term.values, patients) }];
  const categories = [...new Set(Array.from(term.values))].filter((value) => value !== null).sort();
  const reference = term.reference ?? categories[0];
  if (reference === undefined || !categories.includes(reference))
    return refuse(
      `No patient has the reference category "${reference}" of "${term.name}".`,
      `Choose one of: ${categories.join(", ")}.`,
    );
  if (categories.length < 2)
    return refuse(
      `The covariate "${term.name}" is "${reference}" for every patient, so it explains nothing.`,
      "Leave it out, or choose patients that differ in it.",
    );
  return categories
    .filter((category) => category !== reference)
    .map((category) => ({
      name: `${term.name}: ${category}`,
      values: Float64Array.from({ length: patients }, (_, i) => (term.values[i] === category ? 1 : 0)),
    }));
};

/**
 * Columns of a regression model without intercept: numbers as they are, categories by treatment contrasts
 * (0/1 dummies against a reference; Chambers & Hastie 1992, §2.3.2).
 *
 * @throws BAD_ARGUMENT without terms, for a term given twice, missing values, a wrong number of values, an unknown
 * reference or a single category.
 */
export const designMatrix = (terms: readonly CovariateTerm[]): DesignMatrix => {
  const patients = terms[0]?.values.length ?? 0;
  if (terms.length === 0) refuse("There is no covariate to model.", "Name at least one covariate.");
  const design: DesignMatrix = { patients, names: [], columns: [], terms: [] };
  for (const term of terms) {
    if (design.terms.some(({ name }) => name === term.name))
      refuse(`The covariate "${term.name}" is named twice.`, "Name it once.");
    checkValues(term, patients);
    const columns = columnsOf(term, patients);
    design.terms.push({ name: term.name, first: design.columns.length, count: columns.length });
    design.names.push(...columns.map(({ name }) => name));
    design.columns.push(...columns.map(({ values }) => values));
  }
  return design;
};
