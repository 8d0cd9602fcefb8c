import type { NumberRange } from "../filterSql.ts";

/** What is looked for: a vector, or the vector of a patch, which is then read inside of the statement. */
export type VectorQuery =
  /** `[dims]`, finite, not all zero. */
  { vector: ArrayLike<number> } | { patchId: number };

/** Which rows of a feature set may be hits. Sets of integers, resolved from the graph's filters beforehand. */
export type VectorFilter = {
  /** Undefined: any slide. An empty list matches nothing. */
  slideIds?: readonly number[] | undefined;
  patientIds?: readonly number[] | undefined;
  /** Such as those of a region; undefined: any patch. */
  patchIds?: readonly number[] | undefined;
  /** Phenotypes of one codebook, whose assignments stand in the table of its build. */
  phenotypes?: { buildId: number; codebookId: number; indexes: readonly number[] } | undefined;
  /** What must hold of what was measured of a patch: all of it. */
  measurements?: readonly { name: string; test: NumberRange | { isMissing: boolean } }[] | undefined;
  /** Left out even where the sets above include it. */
  exceptPatientId?: number | undefined;
  exceptPatchId?: number | undefined;
  /** The frozen cohort whose patients `patientIds` are, when it has set them alone. */
  cohortId?: number | undefined;
};

export type VectorHit = { patchId: number; slideId: number; patientId: number; distance: number };

export type SearchStrategy = "EXACT" | "PARTITION_INDEX" | "PARTIAL_INDEX" | "ITERATIVE_INDEX" | "CLUSTERED";

/** The GraphQL type SearchReport: how a search went. */
export type SearchReport = {
  strategy: SearchStrategy;
  matches: number;
  matchesIsExact: boolean;
  /** Vectors that were compared; null where an index does not tell. */
  scanned: number | null;
  isComplete: boolean;
  recallBasis: "EXACT" | "CALIBRATED";
  recallEstimate: number;
  reason: string | null;
  /** In the database, from the first statement to the last row. */
  tookMs: number;
};

export type VectorSearch = { hits: VectorHit[]; report: SearchReport };

export type VectorSearchRequest = {
  featureSetId: number;
  query: VectorQuery;
  filter: VectorFilter;
  /** How many hits. */
  first: number;
  /** Least expected share of the true nearest among the hits, above 0; 1 compares every vector that passes the filter. */
  minRecall: number;
};
