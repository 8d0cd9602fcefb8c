import type { Database, Queryable } from "../database.ts";
import type { CellCalibration, GraphCalibration } from "./calibration.ts";
import { type CellMap, cellMap } from "./cells.ts";
import type { KnownIndex } from "./inputs.ts";

/** What was measured of an index, and which vectors it was measured with. */
export type IndexKnowledge =
  | { kind: "CLUSTERED"; measuredVectors: number; calibration: CellCalibration; map: CellMap }
  | { kind: "PARTITION" | "PARTIAL"; measuredVectors: number; calibration: GraphCalibration };

/** Where the rows of each slide lie in a CLUSTERED index. */
export const readCellMap = async (client: Queryable, indexId: number): Promise<CellMap> => {
  const { rows: middles } = await client.query<{ cell: number; spread: number }>(
    "SELECT cell, spread FROM features.search_centroid WHERE search_index_id = $1 AND spread IS NOT NULL",
    [indexId],
  );
  const spreads = new Float64Array(1 + middles.reduce((last, { cell }) => Math.max(last, cell), -1));
  for (const { cell, spread } of middles) spreads[cell] = spread;
  const { rows } = await client.query<{ slide_id: number; cells: number[]; counts: number[] }>(
    "SELECT slide_id, cells, counts FROM search_index_slide WHERE search_index_id = $1",
    [indexId],
  );
  const slides = rows.map(
    (row) => [row.slide_id, { cells: Int32Array.from(row.cells), counts: Int32Array.from(row.counts) }] as const,
  );
  return cellMap(new Map(slides), spreads);
};

const readIndex = async (database: Database, { id }: KnownIndex): Promise<IndexKnowledge | null> => {
  const { rows } = await database.query<IndexKnowledge>(
    `SELECT kind, measured_vectors AS "measuredVectors", calibration FROM search_index WHERE id = $1 AND state = 'READY'`,
    [id],
  );
  const row = rows[0];
  if (row?.kind !== "CLUSTERED") return row ?? null;
  return { ...row, map: await readCellMap(database, id) };
};

/** Indexes that a process remembers; a map of cells takes a few megabytes at a million vectors. */
const MOST_KEPT = 32;

const kept = new WeakMap<object, Map<string, Promise<IndexKnowledge | null>>>();

/**
 * What is known of an index, read once: a version never changes.
 * @returns null when it has been removed meanwhile
 */
export const knowledgeOf = (database: Database, index: KnownIndex): Promise<IndexKnowledge | null> => {
  const known = kept.get(database.pool) ?? new Map<string, Promise<IndexKnowledge | null>>();
  kept.set(database.pool, known);
  const name = `${index.id}/${index.version}`;
  const found = known.get(name) ?? readIndex(database, index);
  // Last in the order of use.
  known.delete(name);
  known.set(name, found);
  found.catch(() => known.delete(name));
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KEPT) break;
    known.delete(oldest);
  }
  return found;
};
