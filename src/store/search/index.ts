import type { Database } from "../database.ts";
import { matchesByCell, probeCells } from "./cells.ts";
import { noteDemand } from "./demand.ts";
import { searchExact } from "./exact.ts";
import { readSearchInputs, type SearchInputs } from "./inputs.ts";
import { type IndexKnowledge, knowledgeOf } from "./knowledge.ts";
import { MAX_INDEXED_DIMS, type Plan, type PlanInputs, planSearch } from "./plan.ts";
import { searchCells, searchGraph } from "./scans.ts";
import type { SearchReport, VectorFilter, VectorHit, VectorSearch, VectorSearchRequest } from "./types.ts";

export type { SearchReport, SearchStrategy, VectorFilter, VectorHit, VectorQuery, VectorSearch } from "./types.ts";

const leavesOut = (filter: VectorFilter): PlanInputs["leavesOut"] => {
  const isOther = filter.slideIds || filter.patchIds || (filter.patientIds && filter.cohortId === undefined);
  return isOther ? "other" : filter.exceptPatientId === undefined ? "none" : "patient";
};

/** An index over a cohort's rows is known by its patients in ascending order. */
const inOrder = (filter: VectorFilter): VectorFilter =>
  filter.cohortId === undefined || filter.patientIds === undefined
    ? filter
    : { ...filter, patientIds: filter.patientIds.toSorted((a, b) => a - b) };

const planInputs = (
  { first, minRecall, query, filter }: VectorSearchRequest,
  inputs: SearchInputs,
  known: readonly { id: number; knowledge: IndexKnowledge }[],
): PlanInputs => {
  const graphs: PlanInputs["graphs"][number][] = [];
  let cells: PlanInputs["cells"];
  for (const { id, knowledge } of known) {
    if (knowledge.kind !== "CLUSTERED") graphs.push({ id, ...knowledge });
    else if (inputs.cells) {
      const matches = matchesByCell(knowledge.map, inputs.cells.coveredSlideIds);
      const probe = probeCells(knowledge.map, inputs.cells.nearest, matches);
      cells = { id, calibration: knowledge.calibration, probe, rowsNotInCells: inputs.cells.uncoveredVectors };
    }
  }
  return {
    first,
    minRecall,
    vectors: inputs.vectors,
    matches: inputs.matches,
    leavesOut: leavesOut(filter),
    isCohort: filter.cohortId !== undefined && filter.slideIds === undefined && filter.patchIds === undefined,
    // A patch of the set is one of those that were sampled from; of another vector, only the cells can tell.
    isLikeMeasured:
      "patchId" in query ||
      (cells !== undefined && (inputs.cells?.nearestDistance ?? 2) <= cells.calibration.furthestQuery),
    graphs,
    cells,
  };
};

const runPlan = (
  database: Database,
  request: VectorSearchRequest,
  { cells, dims }: SearchInputs,
  plan: Plan,
): Promise<VectorHit[]> => {
  switch (plan.strategy) {
    case "EXACT":
      return searchExact(database, request);
    case "CLUSTERED":
      return searchCells(database, request, {
        indexId: plan.indexId,
        cells: plan.cells,
        staleSlideIds: cells?.staleSlideIds ?? [],
        uncoveredSlideIds: cells?.uncoveredSlideIds ?? [],
      });
    default:
      return searchGraph(database, request, { efSearch: plan.efSearch, dims, kind: plan.strategy });
  }
};

/** An index that was removed between planning and reading. */
const isGone = (error: unknown): boolean => (error as { code?: string }).code === "42P01";

/** Runs the plan; when it falls short of what there is, the exact search after it. */
const answer = async (
  database: Database,
  request: VectorSearchRequest,
  inputs: SearchInputs,
  plan: Plan,
): Promise<{ hits: VectorHit[]; plan: Plan }> => {
  const exactly = async (reason: string) => ({
    hits: await searchExact(database, request),
    plan: { strategy: "EXACT" as const, reason },
  });
  try {
    const hits = await runPlan(database, request, inputs, plan);
    const enough = Math.min(request.first, inputs.matches);
    if (plan.strategy === "EXACT" || hits.length >= enough) return { hits, plan };
    return await exactly(`The index gave ${hits.length} of ${enough} rows, so every vector was compared.`);
  } catch (error) {
    if (plan.strategy === "EXACT" || !isGone(error)) throw error;
    return exactly("The index was replaced during the search, so every vector was compared.");
  }
};

const report = (
  { first }: VectorSearchRequest,
  { matches, dims }: SearchInputs,
  hits: readonly VectorHit[],
  plan: Plan,
  tookMs: number,
): SearchReport => {
  const isExact = plan.strategy === "EXACT";
  const noIndex =
    dims > MAX_INDEXED_DIMS
      ? `Vectors of ${dims} dimensions can have no HNSW index: pgvector's limit is ${MAX_INDEXED_DIMS}.`
      : null;
  return {
    strategy: plan.strategy,
    matches,
    matchesIsExact: true,
    scanned: plan.strategy === "CLUSTERED" ? plan.scanned : isExact ? matches : null,
    isComplete: hits.length === Math.min(first, matches),
    recallBasis: isExact ? "EXACT" : "CALIBRATED",
    recallEstimate: isExact ? 1 : plan.recallEstimate,
    reason: isExact ? (plan.reason ?? noIndex) : plan.reason,
    tookMs,
  };
};

/**
 * The rows of a feature set nearest to a vector by cosine distance, among those that pass the filter, nearest first:
 * min(first, matches) of them, whatever way is taken. Two statements; a third where an index falls short.
 * @returns null when the query's patch has no vector in the feature set
 */
export const searchVectors = async (database: Database, asked: VectorSearchRequest): Promise<VectorSearch | null> => {
  const request = { ...asked, filter: inOrder(asked.filter) };
  const began = performance.now();
  const inputs = await readSearchInputs(database, request);
  if (!inputs.hasVector) return null;
  const known = await Promise.all(
    inputs.indexes.map(async (index) => ({ id: index.id, knowledge: await knowledgeOf(database, index) })),
  );
  const usable = known.filter((index): index is { id: number; knowledge: IndexKnowledge } => index.knowledge !== null);
  const planned = planSearch(planInputs(request, inputs, usable));
  const { hits, plan } = await answer(database, request, inputs, planned);
  const tookMs = performance.now() - began;
  if (plan.strategy === "EXACT") noteDemand(database, request, tookMs);
  return { hits, report: report(request, inputs, hits, plan, tookMs) };
};
