import { HistoError } from "../../platform/errors.ts";
import { benjaminiHochberg } from "../../statistics/index.ts";
import { readShares } from "../../store/codebooks.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { Study } from "../../store/generated/client.ts";
import { type ComparisonRow, compareNumberRow } from "../cohort/comparison.ts";
import type { GraphQLContext } from "../context.ts";
import { listPhenotypes, requireCodebook } from "./phenotype.service.ts";
import type { CodebookMapper } from "./schema.mappers.ts";
import { phenotypeLabel } from "./sharedPhenotype.ts";

/** @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT */
export const comparedCodebook = async (
  context: GraphQLContext,
  study: Study,
  id: string | null | undefined,
): Promise<CodebookMapper | null> => {
  if (id == null) return null;
  const path = ["input", "codebook"];
  const codebook = await requireCodebook(context, id, path);
  if (codebook.build.studyId !== study.id) {
    throw new HistoError("BAD_ARGUMENT", "The codebook is of another study than the cohorts.", {
      fix: "Take the cohorts and the codebook from one study; nothing crosses studies.",
      path,
    });
  }
  if (codebook.build.scope !== "PATIENT") return codebook;
  throw new HistoError("BAD_ARGUMENT", "Phenotypes of a patient's own codebook cannot be compared between patients.", {
    fix: "Build a codebook of the study or of a cohort: buildCodebook(input: {scope: STUDY, …}).",
    path,
  });
};

/**
 * Shares of each phenotype in two cohorts, with the test for numbers, corrected over the phenotypes (Benjamini and Hochberg).
 * The units are patients, each with his share of his own patches.
 */
export const compareShares = async (
  context: GraphQLContext,
  codebook: CodebookMapper,
  cohorts: readonly [Condition, Condition],
  sizes: readonly [number, number],
): Promise<ComparisonRow[]> => {
  const { database } = context.app;
  const phenotypes = await listPhenotypes(context, codebook);
  const [a, b] = await Promise.all(
    cohorts.map(async (condition, cohort) => {
      const rows = await readShares(database, "patient", codebook.id, { condition });
      const byIndex = Map.groupBy(rows, ({ index }) => index);
      return (index: number) => {
        const numbers = Float64Array.from(byIndex.get(index) ?? [], ({ share }) => share);
        const known = numbers.length;
        return { known, missing: (sizes[cohort] ?? 0) - known, numbers, counts: new Map<string, number>() };
      };
    }),
  );
  if (!a || !b) throw new Error("A cohort's shares were not read.");
  const rows = phenotypes.map((phenotype) =>
    compareNumberRow(phenotypeLabel(phenotype), a(phenotype.index), b(phenotype.index)),
  );
  const qValues = benjaminiHochberg(rows.map(({ pValue }) => pValue));
  return rows.map((row, index) => ({ ...row, qValue: qValues[index] ?? null }));
};
