import { seededUniform } from "../src/platform/random.ts";
import { readHalves } from "../src/store/codebookVectors.ts";
import type { Database } from "../src/store/database.ts";
import { insertPatches } from "../src/store/patches.ts";
import { appendVectors, createVectorTable, formatVector, halfvecOid, vectorTable } from "../src/store/vectors.ts";
import { median } from "./figure.ts";

/** What a vector costs to keep, to write, to index and to read, measured in small. */
export type VectorCosts = {
  dims: number;
  rows: number;
  /** Of the table, of its three ordinary indexes, and of HNSW's. */
  tableBytesPerRow: number;
  indexBytesPerRow: number;
  graphBytesPerRow: number;
  /** In transactions of `WRITE_ROWS`, as embedding writes them. */
  writtenPerSecond: number;
  graphRowsPerSecond: number;
  exactMsPer100k: number;
  graphMs: number;
  /** As training and scoring read a patient's bag. */
  readPerSecond: number;
};

const WRITE_ROWS = 256;
const READ_ROWS = 4096;
const ROWS_PER_SLIDE = 2000;
const ROUNDS = 9;
/** No feature set has such a number. */
const TABLE = 1_999_999_999;

const sizes = async (database: Database, table: string): Promise<{ table: number; indexes: number }> => {
  const { rows } = await database.query<{ table: number; indexes: number }>(
    "SELECT pg_table_size($1::regclass)::float8 AS table, pg_indexes_size($1::regclass)::float8 AS indexes",
    [table],
  );
  return rows[0] as { table: number; indexes: number };
};

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
};

/** The fastest of several: what the work costs, whatever else the machine does. */
const leastMs = async (work: () => Promise<unknown>): Promise<number> => {
  let seconds = Number.POSITIVE_INFINITY;
  for (let time = 0; time < ROUNDS; time++) seconds = Math.min(seconds, await timed(work));
  return 1000 * seconds;
};

/** Needs a given PostgreSQL, migrated; leaves nothing behind. */
export const measureVectors = async (database: Database, dims: number, rows: number): Promise<VectorCosts> => {
  const random = seededUniform(dims);
  const oid = await halfvecOid(database);
  const table = vectorTable(TABLE);
  const fill = (count: number) => Float16Array.from({ length: count * dims }, () => random() * 2 - 1);
  await createVectorTable(database, TABLE, dims);
  try {
    const writeSeconds: number[] = [];
    for (let from = 0; from < rows; from += WRITE_ROWS) {
      const length = Math.min(WRITE_ROWS, rows - from);
      const slideId = Math.floor(from / ROWS_PER_SLIDE);
      const batch = {
        patchIds: Array.from({ length }, (_, row) => from + row),
        slideId,
        patientId: slideId,
        dims,
        halves: new Uint16Array(fill(length).buffer),
      };
      const seconds = await timed(() => database.transaction((client) => appendVectors(client, TABLE, batch, oid)));
      if (length === WRITE_ROWS) writeSeconds.push(seconds);
    }
    await database.query(`ANALYZE ${table}`);
    const plain = await sizes(database, table);
    const ids = Float64Array.from({ length: Math.min(rows, READ_ROWS) }, (_, row) => row);
    const readMs = await leastMs(() => readHalves(database, TABLE, ids, dims));
    const query = formatVector(fill(1));
    const exactMs = await leastMs(() =>
      database.query(`SELECT patch_id FROM ${table} ORDER BY (v <=> $1::halfvec) + 0 LIMIT 10`, [query]),
    );
    // As features.create_hnsw makes it, in the memory that it asks for.
    const graphSeconds = await timed(() =>
      database.transaction(async (client) => {
        await client.query("SET LOCAL maintenance_work_mem = '1GB'");
        await client.query(`CREATE INDEX ON ${table} USING hnsw (v halfvec_cosine_ops)`);
      }),
    );
    const graphMs = await leastMs(() =>
      database.query(`SELECT patch_id FROM ${table} ORDER BY v <=> $1::halfvec LIMIT 10`, [query]),
    );
    return {
      dims,
      rows,
      tableBytesPerRow: plain.table / rows,
      indexBytesPerRow: plain.indexes / rows,
      graphBytesPerRow: ((await sizes(database, table)).indexes - plain.indexes) / rows,
      writtenPerSecond: WRITE_ROWS / median(writeSeconds),
      graphRowsPerSecond: rows / graphSeconds,
      exactMsPer100k: (exactMs * 100_000) / rows,
      graphMs,
      readPerSecond: (1000 * ids.length) / readMs,
    };
  } finally {
    await database.query("SELECT features.drop_vector_table($1::int)", [TABLE]);
  }
};

const PATCHES = 20_000;

/** Bytes of a patch's own row, with its index; one for all feature sets of a grid. */
export const measurePatchBytes = async (database: Database): Promise<number> => {
  const numbers = Int32Array.from({ length: PATCHES }, (_, cell) => cell);
  const total = async () => {
    const { table, indexes } = await sizes(database, "features.patch");
    return table + indexes;
  };
  const before = await total();
  await insertPatches(database, 1, { cells: numbers, x: numbers, y: numbers, tissueShare: Float32Array.from(numbers) });
  return ((await total()) - before) / PATCHES;
};
