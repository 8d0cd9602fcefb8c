import { halfvecArray, int4Array, int8Array } from "../binaryArrays.ts";
import type { Database, Queryable } from "../database.ts";
import { halvesOf } from "../halfvecRows.ts";
import { MAX_CELLS } from "../patches.ts";
import { halfvecOid, vectorTable } from "../vectors.ts";
import type { CellCalibration, GraphCalibration } from "./calibration.ts";
import { indexedPatients } from "./conditions.ts";
import type { IndexKind } from "./inputs.ts";
import { cellTable } from "./scans.ts";

/** Vectors of a feature set, or of a frozen cohort in it, as the slides' checkpoints count them. */
export const countIndexable = async (
  client: Queryable,
  featureSetId: number,
  patientIds: readonly number[] | null,
): Promise<number> => {
  const { rows } = await client.query<{ vectors: number }>(
    `SELECT coalesce(sum(made.vectors), 0)::int8 AS vectors FROM slide_features AS made
     JOIN slide ON slide.id = made.slide_id
     WHERE made.feature_set_id = $1 AND ($2::int[] IS NULL OR slide.patient_id = ANY($2::int[]))`,
    [featureSetId, patientIds],
  );
  return (rows[0] as { vectors: number }).vectors;
};

/** Patients of a frozen cohort, as an index over them knows them. */
export const readCohortPatients = async (client: Queryable, cohortId: number): Promise<number[]> => {
  const { rows } = await client.query<{ ids: number[] }>(
    "SELECT coalesce(array_agg(patient_id), '{}') AS ids FROM cohort_patient WHERE cohort_id = $1",
    [cohortId],
  );
  return indexedPatients((rows[0] as { ids: number[] }).ids);
};

export type IndexPlace = { featureSetId: number; kind: IndexKind; cohortId: number | null };

/** Begins an index, and takes away what an interrupted attempt at the same one has left. */
export const beginIndex = async (client: Queryable, place: IndexPlace): Promise<number> => {
  const values = [place.featureSetId, place.kind, place.cohortId];
  await client.query(
    `DELETE FROM search_index WHERE feature_set_id = $1 AND kind = $2::search_index_kind
       AND cohort_id IS NOT DISTINCT FROM $3::int AND state = 'BUILDING'`,
    values,
  );
  const { rows } = await client.query<{ id: number }>(
    "INSERT INTO search_index (feature_set_id, kind, cohort_id) VALUES ($1, $2::search_index_kind, $3) RETURNING id",
    values,
  );
  return (rows[0] as { id: number }).id;
};

/** Takes an index away, with the table or index that it stands for. */
export const deleteIndex = (client: Queryable, id: number) =>
  client.query("DELETE FROM search_index WHERE id = $1", [id]);

/**
 * Lets an index answer, in the place of the one before it.
 * @returns false when its row is gone: its cohort has changed meanwhile
 */
export const finishIndex = async (
  client: Queryable,
  id: number,
  measured: { vectors: number; calibration: CellCalibration | GraphCalibration },
): Promise<boolean> => {
  await client.query(
    `DELETE FROM search_index AS old USING search_index AS made WHERE made.id = $1 AND old.id <> made.id
       AND old.feature_set_id = made.feature_set_id AND old.kind = made.kind
       AND old.cohort_id IS NOT DISTINCT FROM made.cohort_id AND old.state = 'READY'`,
    [id],
  );
  const { rowCount } = await client.query(
    `UPDATE search_index SET state = 'READY', built_at = coalesce(built_at, now()), measured_vectors = $2, calibration = $3::jsonb
     WHERE id = $1`,
    [id, measured.vectors, JSON.stringify(measured.calibration)],
  );
  return rowCount === 1;
};

export type StoredIndex = IndexPlace & { id: number; vectors: number; measuredVectors: number };

/** The index of a place that answers; null where none does. */
export const readReadyIndex = async (client: Queryable, place: IndexPlace): Promise<StoredIndex | null> => {
  const { rows } = await client.query<{ id: number; vectors: number; measured_vectors: number }>(
    `SELECT id, vectors, measured_vectors FROM search_index WHERE feature_set_id = $1 AND kind = $2::search_index_kind
       AND cohort_id IS NOT DISTINCT FROM $3::int AND state = 'READY'`,
    [place.featureSetId, place.kind, place.cohortId],
  );
  const row = rows[0];
  return row ? { ...place, id: row.id, vectors: row.vectors, measuredVectors: row.measured_vectors } : null;
};

export type RawRows = { patchIds: number[]; halves: Uint16Array };

const toRows = (rows: readonly { patch_id: number; raw: Buffer }[], dims: number): RawRows => ({
  patchIds: rows.map((row) => row.patch_id),
  halves: halvesOf(
    rows.map((row) => row.raw),
    dims,
    new ArrayBuffer(rows.length * dims * 2),
  ),
});

/** About 4 MB of numbers in a statement. */
const rowsPerRead = (dims: number): number => Math.max(64, Math.floor(2 ** 21 / dims));

/** Vectors that have a direction, all of them by patch id; `[rows, dims]` at a time. */
export async function* readAllVectors(client: Queryable, featureSetId: number, dims: number): AsyncGenerator<RawRows> {
  for (let after = -1; ; ) {
    const { rows } = await client.query<{ patch_id: number; raw: Buffer }>(
      `SELECT patch_id, halfvec_send(v) AS raw FROM ${vectorTable(featureSetId)}
       WHERE patch_id > $1 AND l2_norm(v) > 0 ORDER BY patch_id LIMIT $2`,
      [after, rowsPerRead(dims)],
    );
    const last = rows.at(-1);
    if (!last) return;
    after = last.patch_id;
    yield toRows(rows, dims);
  }
}

/** About so many patches of a feature set, spread evenly over it; the same for the same vectors. */
export const samplePatches = async (
  client: Queryable,
  featureSetId: number,
  wanted: number,
  vectors: number,
): Promise<{ patchId: number; patientId: number }[]> => {
  const share = Math.min(100, (100 * wanted * 1.2) / Math.max(1, vectors));
  const { rows } = await client.query<{ patchId: number; patientId: number }>(
    `SELECT patch_id AS "patchId", patient_id AS "patientId"
     FROM ${vectorTable(featureSetId)} AS one TABLESAMPLE BERNOULLI (${share.toFixed(6)}) REPEATABLE (1)
     WHERE l2_norm(v) > 0 ORDER BY hashint8(patch_id) LIMIT $1`,
    [wanted],
  );
  return rows;
};

/** The vectors of these patches, `[rows, dims]`, by patch id. */
export const readVectorRows = async (
  client: Queryable,
  featureSetId: number,
  dims: number,
  patchIds: readonly number[],
): Promise<Uint16Array> => {
  const all = new Uint16Array(patchIds.length * dims);
  let done = 0;
  for (let from = 0; from < patchIds.length; from += rowsPerRead(dims)) {
    const { rows } = await client.query<{ patch_id: number; raw: Buffer }>(
      `SELECT patch_id, halfvec_send(v) AS raw FROM ${vectorTable(featureSetId)} WHERE patch_id = ANY($1::int8[])`,
      [patchIds.slice(from, from + rowsPerRead(dims))],
    );
    const { halves } = toRows(rows, dims);
    all.set(halves, done);
    done += halves.length;
  }
  return all.subarray(0, done);
};

/** Makes the tables of a CLUSTERED index. @param centroids `[cells, dims]` */
export const createCells = async (
  database: Database,
  id: number,
  featureSetId: number,
  centroids: { cells: readonly number[]; dims: number; values: Float32Array },
): Promise<void> => {
  const oid = await halfvecOid(database);
  const halves = new Float16Array(centroids.values);
  await database.transaction(async (client) => {
    await client.query("SELECT features.create_cells($1::int, $2::int)", [id, featureSetId]);
    await client.query(
      `INSERT INTO features.search_centroid (search_index_id, cell, v)
       SELECT $1, cell, v FROM unnest($2::int4[], $3::halfvec[]) AS middle (cell, v)`,
      [id, int4Array(centroids.cells), halfvecArray(new Uint16Array(halves.buffer), centroids.dims, oid)],
    );
  });
};

/** Says which cell each of these patches lies in. */
export const stageCells = (client: Queryable, id: number, patchIds: readonly number[], cells: ArrayLike<number>) =>
  client.query(`INSERT INTO ${cellTable(id)}_staging (patch_id, cell) SELECT * FROM unnest($1::int8[], $2::int4[])`, [
    int8Array(patchIds),
    int4Array(cells),
  ]);

/** Copies the vectors in the order of their cells, and counts what of each slide lies where; all or nothing. */
export const fillCells = (database: Database, id: number, featureSetId: number): Promise<void> =>
  database.transaction(async (client) => {
    await client.query("SELECT features.fill_cells($1::int, $2::int)", [id, featureSetId]);
    // A slide in two grids was embedded anew meanwhile: it does not fit either, and is compared row by row.
    await client.query(
      `INSERT INTO search_index_slide (search_index_id, slide_id, grid_id, vectors, cells, counts)
       SELECT $1::int, slide_id, min(grid_id), sum(rows), array_agg(cell ORDER BY cell), array_agg(rows ORDER BY cell)
       FROM (SELECT slide_id, cell, (min(patch_id) / ${MAX_CELLS})::int AS grid_id, count(*)::int AS rows
         FROM ${cellTable(id)} GROUP BY slide_id, cell) AS part GROUP BY slide_id`,
      [id],
    );
    await client.query(
      `UPDATE features.search_centroid AS middle SET spread = found.spread FROM (
         SELECT one.cell, avg(one.v <=> near.v) AS spread FROM ${cellTable(id)} AS one
         JOIN features.search_centroid AS near ON near.search_index_id = $1 AND near.cell = one.cell GROUP BY one.cell) AS found
       WHERE middle.search_index_id = $1 AND middle.cell = found.cell`,
      [id],
    );
    await client.query(
      `UPDATE search_index SET vectors = (SELECT count(*) FROM ${cellTable(id)}), built_at = now(),
         parameters = jsonb_build_object('cells', (SELECT count(*) FROM features.search_centroid WHERE search_index_id = $1))
       WHERE id = $1`,
      [id],
    );
  });

/** What a row of HNSW's graph takes beside its vector while it is built: links of 16 neighbours on the lowest layer of all. */
const GRAPH_ROW_BYTES = 512;

/** Builds an HNSW index over a feature set, or over some patients in it. Whoever writes to the table waits for it. */
export const createGraph = (
  database: Database,
  id: number,
  featureSetId: number,
  { dims, vectors, patientIds }: { dims: number; vectors: number; patientIds: readonly number[] | null },
): Promise<void> =>
  database.transaction(async (client) => {
    const memoryKb = Math.ceil((vectors * (dims * 2 + GRAPH_ROW_BYTES) * 1.2) / 1024);
    await client.query("SELECT features.create_hnsw($1::int, $2::int, $3::int, $4::int[], $5::int8)", [
      id,
      featureSetId,
      dims,
      patientIds,
      memoryKb,
    ]);
    await client.query("UPDATE search_index SET vectors = $2, built_at = now() WHERE id = $1", [id, vectors]);
  });

/** How far the index build on a feature set's table has come, 0 to 1; null when none runs. */
export const readGraphProgress = async (client: Queryable, featureSetId: number): Promise<number | null> => {
  const { rows } = await client.query<{ share: number | null }>(
    `SELECT coalesce(tuples_done::float8 / nullif(tuples_total, 0), blocks_done::float8 / nullif(blocks_total, 0)) AS share
     FROM pg_stat_progress_create_index WHERE relid = to_regclass($1)`,
    [vectorTable(featureSetId)],
  );
  const share = rows[0]?.share;
  return share == null ? null : Math.min(1, share);
};
