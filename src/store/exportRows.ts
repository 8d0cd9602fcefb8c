import pg from "pg";
import { assignmentTable } from "./assignments.ts";
import { int8Array } from "./binaryArrays.ts";
import { copyOut } from "./copyOut.ts";
import type { Database } from "./database.ts";
import { decodeHalfRows } from "./halfvecRows.ts";
import { createParameters, filterSql, type Parameters } from "./search/conditions.ts";
import type { VectorFilter } from "./search/index.ts";
import { vectorTable } from "./vectors.ts";

/** SQL of exports: rows of a feature set in the order of their patch ids, so many at a time. */

/** Patch ids from `from` up to, but not with, `to`. */
export type PatchRange = { from: number; to: number };

export type ExportSource = {
  featureSetId: number;
  dims: number;
  /** What single vectors must pass; whole slides are chosen by the ranges. */
  filter: VectorFilter;
  /** Whose phenotypes are read beside. */
  codebook: { buildId: number; codebookId: number } | null;
  /** Where patches lie: as is stored, as their cells tell, or nowhere, as whole slides do. */
  places: "STORED" | "CELLS" | "NONE";
};

/** Rows of vectors; arrays of equal length. */
export type ExportRows = {
  /** Ascending within each range, the ranges in the order asked. */
  patchIds: Float64Array;
  /** Left and upper edges in level-0 pixels; empty unless they are stored. */
  x: Int32Array;
  y: Int32Array;
  /** Numbers of phenotypes, -1 for none; empty without a codebook. */
  phenotypes: Int32Array;
  /** Binary16 bit patterns `[rows, dims]`. */
  halves: Uint16Array<ArrayBuffer>;
};

const constant = (value: unknown): string => {
  if (typeof value === "number" && Number.isFinite(value)) return String(value);
  if (typeof value === "string") return pg.escapeLiteral(value);
  throw new Error("Filters of vectors hold numbers and texts alone.");
};

/** COPY takes no parameters: values as constants. Lists of numbers are texts, which are read much faster than expressions. */
const constants = (): Parameters => ({
  values: [],
  add: (value, type) => {
    if (!Array.isArray(value)) return `${constant(value)}::${type}`;
    const members = value.map(constant);
    return value.every((member) => typeof member === "number")
      ? `'{${members.join(",")}}'::${type}`
      : `ARRAY[${members.join(", ")}]::${type}`;
  },
});

const inRange = (column: string): string => `${column} >= range.first AND ${column} < range.behind`;

/**
 * All rows of the ranges, behind `FROM`. Both tables are told the range: the planner does not conclude it, and without it
 * would read the whole table of patches for each slide.
 */
const joinedSql = ({ featureSetId, filter, codebook, places }: ExportSource, parameters: Parameters): string => {
  const patches = `JOIN features.patch AS patch ON patch.id = vector.patch_id AND ${inRange("patch.id")}`;
  const held =
    codebook &&
    `LEFT JOIN ${assignmentTable(codebook.buildId)} AS held ON held.patch_id = vector.patch_id AND ${inRange("held.patch_id")} AND held.codebook_id = ${parameters.add(codebook.codebookId, "int")}`;
  return `${vectorTable(featureSetId)} AS vector ${places === "STORED" ? patches : ""} ${held ?? ""}
    WHERE ${inRange("vector.patch_id")} AND ${filterSql(filter, parameters, "vector")}`;
};

const columnsOf = ({ codebook, places }: ExportSource): string[] => [
  "patch_id",
  ...(places === "STORED" ? ["x", "y"] : []),
  ...(codebook ? ["phenotype"] : []),
  "v",
];

const TABLE_OF: Record<string, string> = { patch_id: "vector", x: "patch", y: "patch", phenotype: "held", v: "vector" };

const rowsSql = (source: ExportSource, ranges: readonly PatchRange[], limit: number): string => {
  const values = ranges.map(({ from, to }) => `(${constant(from)}::int8, ${constant(to)}::int8)`).join(", ");
  const columns = columnsOf(source).map((column) => `${TABLE_OF[column]}.${column}`);
  // One slide after the other, each by its primary key: nothing is sorted. The reader makes sure of the order.
  return `SELECT row.* FROM (VALUES ${values}) AS range (first, behind) CROSS JOIN LATERAL (
    SELECT ${columns.join(", ")} FROM ${joinedSql(source, constants())} ORDER BY vector.patch_id
  ) AS row LIMIT ${constant(limit)}`;
};

const TWO_TO_32 = 2 ** 32;
const readInt8 = (bytes: Buffer, at: number): number => bytes.readInt32BE(at) * TWO_TO_32 + bytes.readUInt32BE(at + 4);

/** Behind the vectors that are kept there is room for what the connection gives at a time. */
const READ_AHEAD_BYTES = 2 ** 18;

/** Memory for the vectors of so many rows, which several readings may use one after the other. */
export const exportMemory = (rows: number, dims: number): Buffer =>
  Buffer.allocUnsafeSlow(rows * dims * 2 + READ_AHEAD_BYTES);

/** Collects rows of a COPY whose columns are those of `columnsOf`; each field stands behind its length of four bytes. */
const collectRows = ({ dims, codebook, places }: ExportSource, limit: number, memory: Buffer) => {
  const hasPlaces = places === "STORED";
  const vectorBytes = dims * 2;
  const patchIds = new Float64Array(limit);
  const x = new Int32Array(hasPlaces ? limit : 0);
  const y = new Int32Array(hasPlaces ? limit : 0);
  const phenotypes = new Int32Array(codebook ? limit : 0);
  let rows = 0;
  const onRow = (start: number, kept: number): number => {
    let at = start + 4;
    patchIds[rows] = readInt8(memory, at);
    at += 8;
    if (hasPlaces) {
      x[rows] = memory.readInt32BE(at + 4);
      y[rows] = memory.readInt32BE(at + 12);
      at += 16;
    }
    if (codebook) {
      const isNull = memory.readInt32BE(at) < 0;
      phenotypes[rows] = isNull ? -1 : memory.readInt16BE(at + 4);
      at += isNull ? 4 : 6;
    }
    if (memory.readInt32BE(at) !== vectorBytes + 4)
      throw new Error("A vector has another length than its feature set.");
    // Behind its length: dimensions and 16 unused bits (pgvector's halfvec_send).
    memory.copyWithin(kept, at + 8, at + 8 + vectorBytes);
    rows++;
    return kept + vectorBytes;
  };
  const finish = (): ExportRows => {
    memory.subarray(0, rows * vectorBytes).swap16();
    return {
      patchIds: patchIds.subarray(0, rows),
      x: x.subarray(0, rows),
      y: y.subarray(0, rows),
      phenotypes: phenotypes.subarray(0, rows),
      halves: new Uint16Array(memory.buffer as ArrayBuffer, memory.byteOffset, rows * dims),
    };
  };
  return { gatherer: { memory, onRow }, finish };
};

type PackedRow = {
  ids: Buffer | null;
  x: Buffer | null;
  y: Buffer | null;
  phenotypes: Buffer | null;
  v: Buffer | null;
};

/** Numbers as they are sent: big-endian, end to end. */
const unpack = <Values>(
  bytes: Buffer | null,
  width: number,
  make: (rows: number) => Values,
  set: (values: Values, row: number, bytes: Buffer, at: number) => void,
): Values => {
  const rows = (bytes?.length ?? 0) / width;
  const values = make(rows);
  for (let row = 0; bytes && row < rows; row++) set(values, row, bytes, row * width);
  return values;
};

const int32s = (bytes: Buffer | null): Int32Array =>
  unpack(
    bytes,
    4,
    (rows) => new Int32Array(rows),
    (values, row, from, at) => {
      values[row] = from.readInt32BE(at);
    },
  );

/** The embedded database knows no COPY: each column as one value. */
const selectPacked = async (database: Database, source: ExportSource, statement: string): Promise<ExportRows> => {
  const hasPlaces = source.places === "STORED";
  const { rows } = await database.query<PackedRow>(
    `SELECT string_agg(int8send(patch_id), '') AS ids,
       ${hasPlaces ? "string_agg(int4send(x), '')" : "NULL::bytea"} AS x,
       ${hasPlaces ? "string_agg(int4send(y), '')" : "NULL::bytea"} AS y,
       ${source.codebook ? "string_agg(int4send(coalesce(phenotype, -1)), '')" : "NULL::bytea"} AS phenotypes,
       string_agg(halfvec_send(v), '') AS v FROM (${statement}) AS packed`,
  );
  const packed = rows[0] as PackedRow;
  return {
    patchIds: unpack(
      packed.ids,
      8,
      (count) => new Float64Array(count),
      (values, row, from, at) => {
        values[row] = readInt8(from, at);
      },
    ),
    x: int32s(packed.x),
    y: int32s(packed.y),
    phenotypes: int32s(packed.phenotypes),
    halves: decodeHalfRows(packed.v ?? Buffer.alloc(0), (bytes) => new ArrayBuffer(bytes)).halves,
  };
};

/**
 * The first rows of the ranges, at most `limit`, read into memory at once: no connection waits for whoever takes them.
 * @param ranges ascending
 * @param memory of `exportMemory`; the vectors may lie in it
 */
export const readExportRows = async (
  database: Database,
  source: ExportSource,
  ranges: readonly PatchRange[],
  limit: number,
  memory: Buffer,
): Promise<ExportRows> => {
  const statement = rowsSql(source, ranges, limit);
  if (database.kind === "embedded") return selectPacked(database, source, statement);
  const { gatherer, finish } = collectRows(source, limit, memory);
  await copyOut(database, `COPY (${statement}) TO STDOUT (FORMAT binary)`, gatherer);
  return finish();
};

/** How many rows of each range there are, in the order asked. */
export const countExportRows = async (
  database: Database,
  source: ExportSource,
  ranges: readonly PatchRange[],
): Promise<number[]> => {
  const parameters = createParameters();
  const from = parameters.add(int8Array(ranges.map((range) => range.from)), "int8[]");
  const to = parameters.add(int8Array(ranges.map((range) => range.to)), "int8[]");
  const { rows } = await database.query<{ rows: number }>(
    `SELECT counted.rows FROM unnest(${from}, ${to}) WITH ORDINALITY AS range (first, behind, place)
     CROSS JOIN LATERAL (SELECT count(*)::int AS rows FROM ${joinedSql({ ...source, codebook: null }, parameters)}) AS counted
     ORDER BY range.place`,
    parameters.values,
  );
  return rows.map((row) => row.rows);
};
