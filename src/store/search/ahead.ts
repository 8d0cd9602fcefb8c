import type { Database } from "../database.ts";
import { isBySlides } from "./conditions.ts";
import type { Plan } from "./plan.ts";
import { type GraphScan, searchGraph } from "./scans.ts";
import type { VectorHit, VectorSearchRequest } from "./types.ts";

/** A walk of an HNSW index, as a plan says it. */
export type GraphPlan = Extract<Plan, { efSearch: number }>;

type Guess = GraphPlan & Pick<GraphScan, "dims">;

/** Kinds of searches that a process remembers the plan of. */
const MOST_KEPT = 256;

const guesses = new WeakMap<object, Map<string, Guess>>();

/** Searches of one kind have one plan until the set or its indexes change. Undefined for those that cells or nothing serves. */
const kindOf = ({ featureSetId, filter, first, minRecall }: VectorSearchRequest): string | undefined => {
  const isWhole = !filter.slideIds && isBySlides(filter) && (!filter.patientIds || filter.cohortId !== undefined);
  return isWhole
    ? [featureSetId, filter.cohortId ?? "all", filter.exceptPatientId !== undefined, first, minRecall].join("/")
    : undefined;
};

/** Remembers what was decided, or that no index is walked any more. */
export const rememberPlan = (database: Database, request: VectorSearchRequest, plan: Plan, dims: number): void => {
  const kind = kindOf(request);
  if (kind === undefined || database.kind === "embedded") return;
  const known = guesses.get(database.pool) ?? new Map<string, Guess>();
  guesses.set(database.pool, known);
  known.delete(kind);
  if (!("efSearch" in plan)) return;
  known.set(kind, { ...plan, dims });
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KEPT) break;
    known.delete(oldest);
  }
};

/** A walk that is under way. It answers for no other plan than its own. */
export type Ahead = { answers(plan: GraphPlan): boolean; hits: Promise<VectorHit[] | undefined> };

/**
 * Begins what the last search of this kind was answered by, while it is still being read whether that holds: over a
 * connection of its own, so that the two take the time of the longer. The embedded database has no second connection.
 */
export const searchAhead = (database: Database, request: VectorSearchRequest): Ahead | undefined => {
  const kind = kindOf(request);
  const guess = kind === undefined ? undefined : guesses.get(database.pool)?.get(kind);
  if (!guess) return undefined;
  const scan = { efSearch: guess.efSearch, dims: guess.dims, kind: guess.strategy };
  return {
    answers: (plan) => plan.indexId === guess.indexId && plan.efSearch === guess.efSearch,
    // What fails here is tried again by the plan that is made in the end, and told there.
    hits: searchGraph(database, request, scan).catch(() => undefined),
  };
};
