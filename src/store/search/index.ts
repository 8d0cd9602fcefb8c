import type { Database } from "../database.ts";
import { searchClustered } from "./clustered.ts";
import { isBySlides } from "./conditions.ts";
import { noteDemand } from "./demand.ts";
import { searchExact } from "./exact.ts";
import { type CellInputs, readCellInputs, readSearchInputs, type SearchInputs } from "./inputs.ts";
import { type IndexKnowledge, knowledgeOf } from "./knowledge.ts";
import { MAX_INDEXED_DIMS, type Plan, type PlanInputs, planSearch } from "./plan.ts";
import { searchGraph } from "./scans.ts";
import type { SearchReport, VectorFilter, VectorHit, VectorSearch, VectorSearchRequest } from "./types.ts";

export type { SearchReport, SearchStrategy, VectorFilter, VectorHit, VectorQuery, VectorSearch } from "./types.ts";

const leavesOut = (filter: VectorFilter): PlanInputs["leavesOut"] => {
  const isOther = filter.slideIds || !isBySlides(filter) || (filter.patientIds && filter.cohortId === undefined);
  return isOther ? "other" : filter.exceptPatientId === undefined ? "none" : "patient";
};

/** An index over a cohort's rows is known by its patients in ascending order. */
const inOrder = (filter: VectorFilter): VectorFilter =>
  filter.cohortId === undefined || filter.patientIds === undefined
    ? filter
    : { ...filter, patientIds: filter.patientIds.toSorted((a, b) => a - b) };

type Known = { id: number; knowledge: IndexKnowledge };

const planInputs = (
  { first, minRecall, filter }: VectorSearchRequest,
  inputs: SearchInputs,
  known: readonly Known[],
  isLikeMeasured: boolean,
): PlanInputs => {
  const graphs: PlanInputs["graphs"][number][] = [];
  let cells: PlanInputs["cells"];
  for (const { id, knowledge } of known) {
    if (knowledge.kind === "CLUSTERED") cells = { id, calibration: knowledge.calibration };
    else graphs.push({ id, ...knowledge });
  }
  return {
    first,
    minRecall,
    vectors: inputs.vectors,
    matches: inputs.matches,
    leavesOut: leavesOut(filter),
    isCohort: filter.cohortId !== undefined && filter.slideIds === undefined && isBySlides(filter),
    isBySlides: isBySlides(filter),
    isLikeMeasured,
    graphs,
    cells,
  };
};

/** What ran, in words and figures. */
type Outcome = Pick<SearchReport, "strategy" | "scanned" | "recallEstimate" | "reason"> & { hits: VectorHit[] };

const exactly = async (
  database: Database,
  request: VectorSearchRequest,
  { matches }: SearchInputs,
  reason: string | null,
): Promise<Outcome> => ({
  hits: await searchExact(database, request),
  strategy: "EXACT",
  scanned: matches,
  recallEstimate: 1,
  reason,
});

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;

const runPlan = async (
  database: Database,
  request: VectorSearchRequest,
  inputs: SearchInputs,
  known: readonly Known[],
  plan: Plan,
  near: CellInputs | undefined,
): Promise<Outcome> => {
  if (plan.strategy === "EXACT") return exactly(database, request, inputs, plan.reason);
  const { recallEstimate } = plan;
  if (plan.strategy !== "CLUSTERED") {
    const { efSearch, strategy, reason } = plan;
    const hits = await searchGraph(database, request, { efSearch, dims: inputs.dims, kind: strategy });
    return { hits, strategy, scanned: null, recallEstimate, reason };
  }
  const index = known.find(({ id }) => id === plan.indexId)?.knowledge;
  if (index?.kind !== "CLUSTERED") throw new Error("A plan names an index that is not known.");
  const place = near ?? (await readCellInputs(database, request, plan.indexId));
  const found = await searchClustered(database, request, { id: plan.indexId, ...index }, place, plan);
  if (!found) {
    return exactly(
      database,
      request,
      inputs,
      "Too many cells could hold a hit under this filter, so every vector was compared.",
    );
  }
  const { hits, scanned, cells, ofCells } = found;
  const reason = `${cells} of ${ofCells} cells with matches were read, ${percent(scanned / inputs.matches)} of the rows; cells that reach so far held ${recallEstimate.toFixed(4)} of the true hits in ${index.calibration.searches} sampled searches.`;
  return { hits, strategy: "CLUSTERED", scanned, recallEstimate, reason };
};

/** An index that was replaced between planning and reading. */
const isGone = (error: unknown): boolean => (error as { code?: string }).code === "42P01";

/** Runs the plan; when it falls short of what there is, the exact search after it. */
const answer = async (
  database: Database,
  request: VectorSearchRequest,
  inputs: SearchInputs,
  known: readonly Known[],
): Promise<Outcome> => {
  // A patch of the set is one of those that were sampled from; of another vector, the cells must tell.
  const clustered = known.find(({ knowledge }) => knowledge.kind === "CLUSTERED");
  const isOfSet = "patchId" in request.query;
  const mayUseIndex = known.length > 0 && request.minRecall < 1;
  const near =
    isOfSet || !clustered || !mayUseIndex ? undefined : await readCellInputs(database, request, clustered.id);
  const furthest = clustered?.knowledge.kind === "CLUSTERED" ? clustered.knowledge.calibration.furthestQuery : 0;
  const isLikeMeasured = isOfSet || (near?.distances[0] ?? 2) <= furthest;
  const plan = planSearch(planInputs(request, inputs, known, isLikeMeasured));
  try {
    const outcome = await runPlan(database, request, inputs, known, plan, near);
    const enough = Math.min(request.first, inputs.matches);
    if (outcome.strategy === "EXACT" || outcome.hits.length >= enough) return outcome;
    const reason = `The index gave ${outcome.hits.length} of ${enough} rows, so every vector was compared.`;
    return await exactly(database, request, inputs, reason);
  } catch (error) {
    if (plan.strategy === "EXACT" || !isGone(error)) throw error;
    return exactly(
      database,
      request,
      inputs,
      "The index was replaced during the search, so every vector was compared.",
    );
  }
};

const noIndexPossible = (dims: number): string | null =>
  dims > MAX_INDEXED_DIMS
    ? `Vectors of ${dims} dimensions can have no HNSW index: pgvector's limit is ${MAX_INDEXED_DIMS}.`
    : null;

/** The hits that came with the counts. In JSON a distance that is no number is a text. */
const few = ({ hits, matches }: SearchInputs & { hits: VectorHit[] }): Outcome => ({
  hits: hits.map((hit) => ({ ...hit, distance: Number(hit.distance) })),
  strategy: "EXACT",
  scanned: matches,
  recallEstimate: 1,
  reason: null,
});

const readKnown = async (database: Database, { indexes }: SearchInputs): Promise<Known[]> => {
  const known = await Promise.all(
    indexes.map(async (index) => ({ id: index.id, knowledge: await knowledgeOf(database, index) })),
  );
  return known.filter((index): index is Known => index.knowledge !== null);
};

/**
 * The rows of a feature set nearest to a vector by cosine distance, among those that pass the filter, nearest first:
 * min(first, matches) of them, whatever way is taken.
 * @returns null when the query's patch has no vector in the feature set
 */
export const searchVectors = async (database: Database, asked: VectorSearchRequest): Promise<VectorSearch | null> => {
  const request = { ...asked, filter: inOrder(asked.filter) };
  const began = performance.now();
  const inputs = await readSearchInputs(database, request);
  if (!inputs.hasVector) return null;
  const { hits, ...outcome } = inputs.hits
    ? few({ ...inputs, hits: inputs.hits })
    : await answer(database, request, inputs, await readKnown(database, inputs));
  const tookMs = performance.now() - began;
  const isExact = outcome.strategy === "EXACT";
  if (isExact) noteDemand(database, request, tookMs);
  return {
    hits,
    report: {
      ...outcome,
      matches: inputs.matches,
      matchesIsExact: true,
      isComplete: hits.length === Math.min(request.first, inputs.matches),
      recallBasis: isExact ? "EXACT" : "CALIBRATED",
      reason: outcome.reason ?? (isExact ? noIndexPossible(inputs.dims) : null),
      tookMs,
    },
  };
};
