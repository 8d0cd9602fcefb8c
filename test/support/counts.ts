import { expect } from "vitest";
import type { Database } from "../../src/store/database.ts";

const TABLES = [
  "study",
  "patient",
  "slide",
  "slide_image",
  "patch_grid",
  "encoder",
  "feature_set",
  "slide_features",
  "job",
  "job_failure",
  "attribute",
  "survival_endpoint",
  "upload",
  "mil_model",
  "mil_fold",
  "mil_score",
  "mil_checkpoint",
  "codebook_build",
  "codebook",
  "codebook_slide",
  "phenotype",
  "phenotype_share",
  "features.patch",
];

/** Rows of every table of ours, each feature set's vectors and each codebook's assignments included. */
export const rowCounts = async (database: Database): Promise<Record<string, number>> => {
  const { rows: vectorTables } = await database.query<{ name: string }>(
    "SELECT 'features.' || tablename AS name FROM pg_tables WHERE schemaname = 'features' AND (tablename LIKE 'vectors%' OR tablename LIKE 'assignments%') ORDER BY 1",
  );
  const names = [...TABLES, ...vectorTables.map(({ name }) => name)];
  const { rows } = await database.query<{ name: string; rows: number }>(
    names.map((name) => `SELECT '${name}' AS name, count(*) AS rows FROM ${name}`).join(" UNION ALL "),
  );
  return Object.fromEntries(rows.map((row) => [row.name, row.rows]));
};

/** What `act` gives, having made sure that it wrote nothing. */
export const writingNothing = async <Result>(database: Database, act: () => Promise<Result>): Promise<Result> => {
  const before = await rowCounts(database);
  const result = await act();
  expect(await rowCounts(database)).toEqual(before);
  return result;
};
