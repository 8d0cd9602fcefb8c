import { copyEncoded, copyVectors, encodeCopy } from "../src/store/copyVectors.ts";
import type { Database } from "../src/store/database.ts";
import { appendVectors, createVectorTable, halfvecOid, type VectorBatch, vectorTable } from "../src/store/vectors.ts";
import { atLeast, type Figure, fact, median } from "./figure.ts";

/**
 * How fast vectors come into a table of a feature set with its three indexes, always committed:
 * `copyVectors` beside the same bytes encoded before and pushed by the same protocol, and the arrays of an embedding beside a
 * multi-row INSERT of texts. Ways are timed in turns, and ratios are those of neighbours in time.
 */

export type IngestOptions = { rows?: number; dims?: number; rounds?: number; batchRows?: number };

/** No feature set has such a number. */
const FIRST_TABLE = 2_000_000_000;

const randomBatches = (rows: number, dims: number, batchRows: number): VectorBatch[] => {
  // Cheap, and as incompressible as vectors are: a linear congruential generator (Numerical Recipes, 1992).
  let state = 12_345;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return Array.from({ length: Math.ceil(rows / batchRows) }, (_, batch) => {
    const first = batch * batchRows;
    const length = Math.min(batchRows, rows - first);
    const values = new Float16Array(length * dims);
    for (let index = 0; index < values.length; index++) values[index] = next();
    return {
      patchIds: Array.from({ length }, (_, row) => first + row),
      slideId: batch % 50,
      patientId: batch % 20,
      dims,
      halves: new Uint16Array(values.buffer),
    };
  });
};

const collect = async (chunks: AsyncIterable<Buffer>): Promise<Buffer[]> => {
  const all: Buffer[] = [];
  // Chunks share their memory.
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return all;
};

/** Seconds that filling an empty table took, up to its commit. */
const timeFilling = async (
  database: Database,
  dims: number,
  fill: (table: number) => Promise<unknown>,
): Promise<number> => {
  const table = FIRST_TABLE + Math.floor(Math.random() * 100_000_000);
  await createVectorTable(database, table, dims);
  // What the last table left for the server to write out must not be counted here.
  await database.query("CHECKPOINT").catch(() => {});
  const began = performance.now();
  await fill(table);
  const seconds = (performance.now() - began) / 1000;
  await database.query("SELECT features.drop_vector_table($1::int)", [table]);
  return seconds;
};

const insertTexts = async (database: Database, table: number, batches: readonly VectorBatch[]): Promise<void> => {
  for (const { patchIds, slideId, patientId, dims, halves } of batches) {
    const values = new Float16Array(halves.buffer, halves.byteOffset, halves.length);
    const parameters: unknown[] = [];
    const tuples = Array.from(patchIds, (id, row) => {
      parameters.push(id, slideId, patientId, `[${values.subarray(row * dims, (row + 1) * dims).join(",")}]`);
      const last = parameters.length;
      return `($${last - 3},$${last - 2},$${last - 1},$${last})`;
    });
    const statement = `INSERT INTO ${vectorTable(table)} (patch_id, slide_id, patient_id, v) VALUES ${tuples.join(",")}`;
    await database.transaction((client) => client.query(statement, parameters));
  }
};

export type IngestRates = {
  copyVsRawCopy: number;
  unnestVsTextInsert: number;
  /** Vectors a second. */
  copyRate: number;
  rawCopyRate: number;
  unnestRate: number;
  textInsertRate: number;
};

/** Needs a given PostgreSQL, migrated; leaves nothing behind. */
export const measureIngest = async (
  database: Database,
  { rows = 20_000, dims = 1280, rounds = 5, batchRows = 500 }: IngestOptions = {},
): Promise<IngestRates> => {
  const oid = await halfvecOid(database);
  const batches = randomBatches(rows, dims, batchRows);
  const encoded = await collect(encodeCopy(batches));
  const few = batches.slice(0, Math.max(1, Math.floor(batches.length / 4)));
  const fewRows = few.reduce((sum, { patchIds }) => sum + patchIds.length, 0);
  const copy = () =>
    timeFilling(database, dims, (table) =>
      database.transaction((client) => copyVectors(database, client, table, batches, oid)),
    );
  const rawCopy = () =>
    timeFilling(database, dims, (table) => database.transaction((client) => copyEncoded(client, table, encoded)));
  const unnest = () =>
    timeFilling(database, dims, async (table) => {
      for (const batch of few) await database.transaction((client) => appendVectors(client, table, batch, oid));
    });
  const texts = () => timeFilling(database, dims, (table) => insertTexts(database, table, few));
  const ways = [copy, rawCopy, unnest, texts] as const;
  for (const way of ways) await way();
  const taken: number[][] = [];
  for (let round = 0; round < rounds; round++) {
    // Forwards and backwards in turns, so that no way always comes after the same other one.
    const order = round % 2 === 0 ? [0, 1, 2, 3] : [3, 2, 1, 0];
    const seconds = [0, 0, 0, 0];
    for (const way of order) seconds[way] = await (ways[way] as () => Promise<number>)();
    taken.push(seconds);
  }
  const ratio = (a: number, b: number) =>
    median(taken.map((seconds) => (seconds[a] as number) / (seconds[b] as number)));
  const rate = (way: number, count: number) => count / median(taken.map((seconds) => seconds[way] as number));
  return {
    copyVsRawCopy: ratio(1, 0),
    unnestVsTextInsert: ratio(3, 2),
    copyRate: rate(0, rows),
    rawCopyRate: rate(1, rows),
    unnestRate: rate(2, fewRows),
    textInsertRate: rate(3, fewRows),
  };
};

/** The figures of `measureIngest` with their targets. */
export const ingestFigures = async (database: Database, options: IngestOptions = {}): Promise<Figure[]> => {
  const rates = await measureIngest(database, options);
  const note = `${options.rows ?? 20_000} vectors of ${options.dims ?? 1280} dimensions, three indexes`;
  return [
    atLeast("copy_vs_raw_copy", rates.copyVsRawCopy, "ratio", 0.7, note),
    atLeast("unnest_vs_text_insert", rates.unnestVsTextInsert, "ratio", 10, note),
    fact("copy_rate", rates.copyRate, "vectors/s"),
    fact("raw_copy_rate", rates.rawCopyRate, "vectors/s"),
    fact("unnest_rate", rates.unnestRate, "vectors/s"),
    fact("text_insert_rate", rates.textInsertRate, "vectors/s"),
  ];
};
