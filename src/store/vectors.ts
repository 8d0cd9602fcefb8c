import pgvector from "pgvector";
import { halfvecArray, int8Array } from "./binaryArrays.ts";
import type { Database, Queryable } from "./database.ts";

/** All SQL that touches vectors is in this file and in `search/`. */

/** The table of a feature set. The id is an integer of ours, so it can stand in SQL text. */
export const vectorTable = (featureSetId: number): string => {
  if (!Number.isSafeInteger(featureSetId)) throw new Error("A feature set id is an integer.");
  return `features.vectors_${featureSetId}`;
};

export const createVectorTable = (client: Queryable, featureSetId: number, dims: number) =>
  client.query("SELECT features.create_vector_table($1::int, $2::int)", [featureSetId, dims]);

const halfvecOids = new WeakMap<object, Promise<number>>();

/** The OID of halfvec in this database, asked once. Ask before a transaction begins. */
export const halfvecOid = (database: Database): Promise<number> => {
  const known = halfvecOids.get(database.pool);
  if (known) return known;
  const asked = database
    .query<{ oid: number }>("SELECT 'halfvec'::regtype::oid::int4 AS oid")
    .then(({ rows }) => (rows[0] as { oid: number }).oid);
  halfvecOids.set(database.pool, asked);
  asked.catch(() => halfvecOids.delete(database.pool));
  return asked;
};

export type VectorBatch = {
  patchIds: ArrayLike<number>;
  slideId: number;
  patientId: number;
  dims: number;
  /** IEEE 754 binary16 bit patterns, `[patches, dims]`. */
  halves: Uint16Array;
};

/** Appends one batch of one slide. A vector that is there already is an error: the checkpoint must prevent it. */
export const appendVectors = (client: Queryable, featureSetId: number, batch: VectorBatch, oid: number) =>
  client.query(
    `INSERT INTO ${vectorTable(featureSetId)} (patch_id, slide_id, patient_id, v)
     SELECT p, $3::int, $4::int, v FROM unnest($1::int8[], $2::halfvec[]) AS batch(p, v)`,
    [int8Array(batch.patchIds), halfvecArray(batch.halves, batch.dims, oid), batch.slideId, batch.patientId],
  );

export const deleteSlideVectors = (client: Queryable, featureSetId: number, slideId: number) =>
  client.query(`DELETE FROM ${vectorTable(featureSetId)} WHERE slide_id = $1`, [slideId]);

const parseVector = (text: string): Float32Array => Float32Array.from(pgvector.fromSql(text) as number[]);

/** A query's vector as a parameter: pgvector's text form. */
export const formatVector = (vector: ArrayLike<number>): string => pgvector.toSql(Array.from(vector)) as string;

/** Vectors by patch id, in the order asked; null where there is none. */
export const readVectors = async (
  client: Queryable,
  featureSetId: number,
  patchIds: readonly number[],
): Promise<(Float32Array | null)[]> => {
  const { rows } = await client.query<{ patch_id: number; v: string }>(
    `SELECT patch_id, v::text AS v FROM ${vectorTable(featureSetId)} WHERE patch_id = ANY($1::int8[])`,
    [patchIds],
  );
  const byId = new Map(rows.map((row) => [row.patch_id, parseVector(row.v)]));
  return patchIds.map((id) => byId.get(id) ?? null);
};

/** Bytes that a vector row takes, with row header, indexes and the patch row (measured on both databases). */
const ROW_OVERHEAD_BYTES = 190;

/** What `patches` more vectors will add to the store, in bytes. */
export const estimateBytes = (patches: number, dims: number): number => patches * (dims * 2 + ROW_OVERHEAD_BYTES);

export const storeBytes = async (client: Queryable): Promise<number> => {
  const { rows } = await client.query<{ bytes: number }>("SELECT pg_database_size(current_database()) AS bytes");
  return (rows[0] as { bytes: number }).bytes;
};
