import { HistoError } from "../../platform/errors.ts";
import type { Attribute } from "../../store/generated/client.ts";
import { requireAttribute } from "../base/attributes.ts";
import type { PatientFilter } from "../base/filters.ts";
import type { SurvivalPlan } from "./survival.analysis.ts";
import type { Grouping } from "./survival.groups.ts";

export type SurvivalInput = {
  studyKey: string;
  endpoint: string;
  patients?: PatientFilter | null | undefined;
  groupBy?:
    | {
        attribute?:
          | { key: string; quantiles?: number | null | undefined; cuts?: readonly number[] | null | undefined }
          | null
          | undefined;
        phenotype?: { phenotype: string; quantiles: number } | null | undefined;
        risk?: { model: string; quantiles: number } | null | undefined;
        cohorts?: readonly string[] | null | undefined;
      }
    | null
    | undefined;
  strata?: readonly string[] | null | undefined;
  cox?:
    | {
        terms: readonly string[];
        ties: "EFRON" | "BRESLOW";
        phenotypes?: readonly string[] | null | undefined;
        risk?: string | null | undefined;
      }
    | null
    | undefined;
  confidence: number;
};

/** More would be a search for significance, and each is a column to read of every patient. */
const MAX_ATTRIBUTES = 50;
const MAX_QUANTILES = 10;
const MAX_CUTS = 20;
const MAX_COHORTS = 20;
const MAX_PHENOTYPES = 20;

const badArgument = (message: string, fix: string, path: readonly string[]): HistoError =>
  new HistoError("BAD_ARGUMENT", message, { fix, path });

/** Attribute keys in the order in which their columns are read, each once. */
const attributeKeys = ({ groupBy, strata, cox }: SurvivalInput): string[] => [
  ...new Set([...(groupBy?.attribute ? [groupBy.attribute.key] : []), ...(strata ?? []), ...(cox?.terms ?? [])]),
];

const requireQuantiles = (quantiles: number, path: readonly string[]): void => {
  if (quantiles >= 2 && quantiles <= MAX_QUANTILES) return;
  throw badArgument(`quantiles: ${quantiles} is not between 2 and ${MAX_QUANTILES}.`, "Ask for 2 to 10 groups.", [
    ...path,
    "quantiles",
  ]);
};

/** @throws HistoError BAD_ARGUMENT, LIMIT_EXCEEDED: all that can be told before anything is read */
export const checkInput = (input: SurvivalInput): void => {
  const { confidence, groupBy, cox } = input;
  if (!(confidence >= 0.5 && confidence <= 0.999))
    throw badArgument(`confidence: ${confidence} is not between 0.5 and 0.999.`, "Leave it out for 0.95.", [
      "confidence",
    ]);
  const phenotypes = cox?.phenotypes ?? [];
  if (cox && cox.terms.length + phenotypes.length === 0 && cox.risk == null)
    throw badArgument(
      "The regression has no covariate.",
      "Name at least one attribute in `terms`, a phenotype in `phenotypes`, or a model in `risk`.",
      ["cox", "terms"],
    );
  if (cox && new Set(cox.terms).size < cox.terms.length)
    throw badArgument("A covariate is named twice.", "Name each attribute once.", ["cox", "terms"]);
  if (attributeKeys(input).length > MAX_ATTRIBUTES)
    throw new HistoError("LIMIT_EXCEEDED", `An analysis takes at most ${MAX_ATTRIBUTES} attributes.`, {
      fix: "Ask for fewer covariates.",
      path: ["cox", "terms"],
    });
  if (phenotypes.length > MAX_PHENOTYPES)
    throw new HistoError("LIMIT_EXCEEDED", `A regression takes at most ${MAX_PHENOTYPES} phenotypes.`, {
      fix: "Name those that matter.",
      path: ["cox", "phenotypes"],
    });
  if (new Set(phenotypes).size < phenotypes.length)
    throw badArgument("A phenotype is named twice.", "Name each phenotype once.", ["cox", "phenotypes"]);
  if (groupBy?.phenotype) requireQuantiles(groupBy.phenotype.quantiles, ["groupBy", "phenotype"]);
  if (groupBy?.risk) requireQuantiles(groupBy.risk.quantiles, ["groupBy", "risk"]);
  const cohorts = groupBy?.cohorts;
  const cohortPath = ["groupBy", "cohorts"];
  if (cohorts && (cohorts.length === 0 || cohorts.length > MAX_COHORTS))
    throw badArgument(`${cohorts.length} cohorts make no groups.`, `Name 1 to ${MAX_COHORTS} cohorts.`, cohortPath);
  if (cohorts && new Set(cohorts).size < cohorts.length)
    throw badArgument("A cohort is named twice.", "Name each cohort once.", cohortPath);
};

/** @throws HistoError COLUMN_UNKNOWN, TYPE_MISMATCH */
const requireUsable = (
  dictionary: readonly Attribute[],
  key: string,
  path: readonly string[],
  studyKey: string,
): Attribute => {
  const attribute = requireAttribute(dictionary, key, undefined, path, studyKey);
  if (attribute.level !== "PATIENT")
    throw new HistoError("COLUMN_UNKNOWN", `Attribute ${key} belongs to slides; survival is one of patients.`, {
      fix: "Import it with level: PATIENT, or use an attribute of patients.",
      path,
    });
  if (attribute.type === "TEXT")
    throw new HistoError("TYPE_MISMATCH", `Attribute ${key} is a TEXT, which makes no groups and no covariate.`, {
      fix: "Import its column as CATEGORY, NUMBER or BOOLEAN.",
      path,
    });
  return attribute;
};

const numberGrouping = (
  column: number,
  key: string,
  quantiles: number | null | undefined,
  cuts: readonly number[] | null | undefined,
): Grouping => {
  const path = ["groupBy", "attribute"];
  if ((quantiles == null) === (cuts == null))
    throw badArgument(
      `Attribute ${key} is a NUMBER: it makes groups by quantiles or by cuts, by one of the two.`,
      "Give quantiles: 2 for a split at the median, or cuts: [50] for one at 50.",
      path,
    );
  if (quantiles != null) {
    requireQuantiles(quantiles, path);
    return { kind: "quantiles", column, groups: quantiles };
  }
  const ends = cuts ?? [];
  const ascend = ends.every((cut, index) => Number.isFinite(cut) && (index === 0 || cut > (ends[index - 1] ?? cut)));
  if (ends.length >= 1 && ends.length <= MAX_CUTS && ascend) return { kind: "cuts", column, cuts: ends };
  throw badArgument(
    `The cuts are not 1 to ${MAX_CUTS} ascending numbers.`,
    "Give each end of a range once, lowest first.",
    [...path, "cuts"],
  );
};

const groupingOf = (
  { groupBy }: SurvivalInput,
  attributeOf: (key: string, path: readonly string[]) => Attribute,
  columnOf: (key: string) => number,
  derivedColumn: number,
): Grouping => {
  if (groupBy?.cohorts) return { kind: "cohorts" };
  if (groupBy?.phenotype)
    return { kind: "quantiles", column: derivedColumn, groups: groupBy.phenotype.quantiles, unit: "%" };
  if (groupBy?.risk) return { kind: "quantiles", column: derivedColumn, groups: groupBy.risk.quantiles };
  if (!groupBy?.attribute) return { kind: "all" };
  const { key, quantiles, cuts } = groupBy.attribute;
  const { type } = attributeOf(key, ["groupBy", "attribute", "key"]);
  if (type === "NUMBER") return numberGrouping(columnOf(key), key, quantiles, cuts);
  if (quantiles == null && cuts == null) return { kind: "values", column: columnOf(key) };
  throw new HistoError("TYPE_MISMATCH", `Attribute ${key} is a ${type}: only numbers have quantiles and cuts.`, {
    fix: "Leave quantiles and cuts out: each value is a group.",
    path: ["groupBy", "attribute", quantiles == null ? "cuts" : "quantiles"],
  });
};

/** A phenotype whose shares are a column: in steps of so much of the patient's patches, 0 to 1. */
export type ShareColumn = { id: string; path: readonly string[]; step: number; name: (phenotype: string) => string };

/** A group is named by its range in per cent. */
const PER_CENT = 0.01;
/** One unit of a covariate: a hazard ratio of one per cent more would say little, one of all or nothing too much. */
const TEN_PER_CENT = 0.1;

const shareColumns = ({ groupBy, cox }: SurvivalInput): ShareColumn[] => [
  ...(groupBy?.phenotype
    ? [
        {
          id: groupBy.phenotype.phenotype,
          path: ["groupBy", "phenotype", "phenotype"],
          step: PER_CENT,
          name: (phenotype: string) => phenotype,
        },
      ]
    : []),
  ...(cox?.phenotypes ?? []).map((id, index) => ({
    id,
    path: ["cox", "phenotypes", String(index)],
    step: TEN_PER_CENT,
    name: (phenotype: string) => `${phenotype}, per 10 % of share`,
  })),
];

/** A model whose risks are a column. */
export type RiskColumn = { id: string; path: readonly string[] };

const riskColumns = ({ groupBy, cox }: SurvivalInput): RiskColumn[] => [
  ...(groupBy?.risk ? [{ id: groupBy.risk.model, path: ["groupBy", "risk", "model"] }] : []),
  ...(cox?.risk == null ? [] : [{ id: cox.risk, path: ["cox", "risk"] }]),
];

/**
 * What to compute, once the study's dictionary is known. The columns are those of the attributes, then the shares, then
 * the risks.
 * @throws HistoError COLUMN_UNKNOWN, TYPE_MISMATCH, BAD_ARGUMENT
 */
export const planSurvival = (
  input: SurvivalInput,
  dictionary: readonly Attribute[],
): { plan: SurvivalPlan; columns: Attribute[]; shares: ShareColumn[]; risks: RiskColumn[] } => {
  const keys = attributeKeys(input);
  const attributeOf = (key: string, path: readonly string[]) => requireUsable(dictionary, key, path, input.studyKey);
  const columnAt = (key: string) => keys.indexOf(key);
  const shares = shareColumns(input);
  const risks = riskColumns(input);
  // Shares first, then risks; a grouping by one of them is the only one of its kind that is no covariate.
  const groupingColumn = keys.length + (input.groupBy?.risk ? shares.length : 0);
  const grouping = groupingOf(input, attributeOf, columnAt, groupingColumn);
  const indices = (list: readonly string[], path: readonly string[]) =>
    list.map((key, index) => {
      attributeOf(key, [...path, String(index)]);
      return columnAt(key);
    });
  const strata = indices(input.strata ?? [], ["strata"]);
  const { cox } = input;
  return {
    plan: {
      endpoint: input.endpoint,
      grouping,
      strata,
      cox: cox
        ? {
            terms: [
              ...indices(cox.terms, ["cox", "terms"]),
              ...[...shares, ...risks].flatMap(({ path }, index) => (path[0] === "cox" ? [keys.length + index] : [])),
            ],
            ties: cox.ties === "EFRON" ? "efron" : "breslow",
          }
        : null,
      confidence: input.confidence,
    },
    columns: keys.flatMap((key) => dictionary.find((attribute) => attribute.key === key) ?? []),
    shares,
    risks,
  };
};
