import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { type Categories, enrichCategories, numberCategories } from "../../statistics/index.ts";
import type { Attribute } from "../../store/generated/client.ts";
import { readSharesAndValues } from "../../store/patientShares.ts";
import { requireAttribute } from "../base/attributes.ts";
import { resolvePatientFilter } from "../base/filters.ts";
import type { GraphQLContext } from "../context.ts";
import type { PhenotypeMapper } from "./schema.mappers.ts";
import { sharedPlace } from "./sharedPhenotype.ts";

/** A test for each; more would be a search for significance. */
const MAX_CATEGORIES = 100;

type Value = { share: number; value: unknown };

const textCategories = (values: readonly unknown[]): Categories => {
  const names = [...new Set(values.map(String))].sort();
  const codeOf = new Map(names.map((name, code) => [name, code]));
  return { names, codes: values.map((value) => codeOf.get(String(value)) ?? -1) };
};

/** @throws HistoError TYPE_MISMATCH, LIMIT_EXCEEDED */
const categoriesOf = ({ key, type }: Attribute, values: readonly unknown[]): Categories => {
  if (type === "TEXT")
    throw new HistoError("TYPE_MISMATCH", `Attribute ${key} is a TEXT, which makes no categories.`, {
      fix: "Import its column as CATEGORY, NUMBER or BOOLEAN.",
      path: ["attribute"],
    });
  if (type === "NUMBER") return numberCategories(values.map(Number));
  const categories = textCategories(values);
  if (categories.names.length <= MAX_CATEGORIES) return categories;
  throw new HistoError(
    "LIMIT_EXCEEDED",
    `Attribute ${key} has ${categories.names.length} values; ${MAX_CATEGORIES} can be tested.`,
    { fix: "Choose an attribute with fewer values, or a cohort in which it has fewer.", path: ["attribute"] },
  );
};

/** What type the value of an attribute has; one of another type counts as missing, as everywhere. */
const HELD = { NUMBER: "number", BOOLEAN: "boolean", CATEGORY: "string", TEXT: "string" } as const;

/**
 * How a phenotype goes together with each value of an attribute, over patients; see `enrichCategories`. Patients without
 * the value, or without patches in the codebook, do not count.
 * @throws HistoError COLUMN_UNKNOWN, TYPE_MISMATCH, BAD_ARGUMENT, NOT_FOUND, TOO_FEW_PATIENTS, LIMIT_EXCEEDED, FORBIDDEN
 */
export const enrichment = async (
  context: GraphQLContext,
  phenotype: PhenotypeMapper,
  { attribute: key, cohort }: { attribute: string; cohort?: string | null | undefined },
) => {
  const { app, loaders, viewer } = context;
  const study = await loaders.study.load(phenotype.codebook.build.studyId);
  authorize(viewer, "study:read", study.key);
  const place = sharedPlace(phenotype);
  const attribute = requireAttribute(await loaders.dictionary.load(study.id), key, "PATIENT", ["attribute"], study.key);
  // Refused before anything is read.
  categoriesOf(attribute, []);
  const patients = await resolvePatientFilter(context, study, cohort == null ? {} : { cohort }, []);
  const rows = await readSharesAndValues(app.database, {
    studyId: study.id,
    patients,
    attribute: key,
    phenotype: place,
  });
  const known: Value[] = rows.filter(({ value }) => typeof value === HELD[attribute.type]);
  return enrichCategories(
    known.map(({ share }) => share),
    categoriesOf(
      attribute,
      known.map(({ value }) => value),
    ),
  );
};
