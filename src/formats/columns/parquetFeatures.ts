import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type RowGroup,
  type SchemaTree,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { HistoError } from "../../platform/errors.ts";
import type { FeatureLevel, FeatureSource } from "../types.ts";
import { type ColumnBatch, findColumns, noVectors, slidesOfTable } from "./columnBatch.ts";

type Buffered = Awaited<ReturnType<typeof asyncBufferFromFile>>;
type Row = Record<string, unknown>;

/** A row group is decoded as a whole, each vector as a list of JavaScript numbers. */
const MOST_NUMBERS = 2 ** 27;

const damaged = (cause: unknown): HistoError =>
  new HistoError("SLIDE_CORRUPT", "The Parquet file is truncated or damaged.", {
    fix: "Write or copy it again; pyarrow must read it to its end.",
    cause,
  });

const unequal = (): HistoError =>
  new HistoError("FORMAT_UNSUPPORTED", "The column of vectors holds lists of different lengths, or gaps.", {
    fix: "Write lists of one length, none of them null.",
  });

const notNumbers = (): HistoError =>
  new HistoError("FORMAT_UNSUPPORTED", "The column of vectors holds no lists of floating-point numbers.", {
    fix: "Write it as lists of float16, float32 or float64, none of them null.",
  });

type Vectors = { path: string; isDouble: boolean };

/** Where the numbers of the vectors stand. */
const findVectors = (column: SchemaTree): Vectors => {
  const nodes = [column];
  for (let node = column; node.children.length === 1; ) {
    node = node.children[0] as SchemaTree;
    nodes.push(node);
  }
  const lists = nodes.filter(({ element }) => element.repetition_type === "REPEATED");
  const { element, children, path } = nodes.at(-1) as SchemaTree;
  const isHalf = element.type === "FIXED_LEN_BYTE_ARRAY" && element.logical_type?.type === "FLOAT16";
  const isNumber = element.type === "FLOAT" || element.type === "DOUBLE" || isHalf;
  if (lists.length !== 1 || children.length > 0 || !isNumber) throw notNumbers();
  return { path: path.join("."), isDouble: element.type === "DOUBLE" };
};

const toBatch = (rows: readonly Row[], columns: ReturnType<typeof findColumns>, isDouble: boolean): ColumnBatch => {
  const lists = rows.map((row) => row[columns.vector ?? ""]) as (ArrayLike<number | null> | null)[];
  const dims = lists[0]?.length ?? 0;
  // Rounded once: by single precision, some doubles would come to the wrong half.
  const vectors = isDouble ? new Float64Array(rows.length * dims) : new Float32Array(rows.length * dims);
  lists.forEach((list, row) => {
    if (list?.length !== dims) throw unequal();
    for (let index = 0; index < dims; index++) {
      const value = list[index];
      if (typeof value !== "number") throw unequal();
      vectors[row * dims + index] = value;
    }
  });
  return { rows: rows.length, dims, vectors, value: (name, row) => rows[row]?.[columns[name] ?? ""] };
};

/** @returns how many rows it has */
const requireDecodable = ({ columns, num_rows }: RowGroup, { path }: Vectors): number => {
  const rows = Number(num_rows);
  const chunk = columns.find(({ meta_data }) => meta_data?.path_in_schema.join(".") === path);
  const numbers = Number(chunk?.meta_data?.num_values ?? -1);
  if (rows < 0 || numbers < rows) throw damaged(undefined);
  if (numbers <= MOST_NUMBERS) return rows;
  throw new HistoError("LIMIT_EXCEEDED", `A row group has ${rows} rows, more than can be decoded together.`, {
    fix: `Write row groups of ${Math.floor(MOST_NUMBERS / (numbers / rows) / 2)} rows: write_table(…, row_group_size=…).`,
  });
};

async function* batchesOf(file: Buffered, metadata: FileMetaData): AsyncGenerator<ColumnBatch> {
  const { children } = parquetSchema(metadata);
  const columns = findColumns(children.map(({ element }) => element.name));
  const column = children.find(({ element }) => element.name === columns.vector);
  if (!column) throw noVectors();
  const vectors = findVectors(column);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + requireDecodable(group, vectors);
    const names = Object.values(columns);
    const rows = await parquetReadObjects({ file, metadata, compressors, columns: names, rowStart, rowEnd }).catch(
      (cause: unknown) => {
        throw damaged(cause);
      },
    );
    if (rows.length !== rowEnd - rowStart) throw damaged(undefined);
    rowStart = rowEnd;
    yield toBatch(rows, columns, vectors.isDouble);
  }
  if (rowStart !== Number(metadata.num_rows)) throw damaged(undefined);
}

/** @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT, and as slidesOfTable */
export const openParquetFeatures = async (path: string, level: FeatureLevel): Promise<FeatureSource> => {
  const file = await asyncBufferFromFile(path);
  const magic = Buffer.from(await file.slice(0, 4)).toString("latin1");
  if (magic !== "PAR1") {
    throw new HistoError("FORMAT_UNSUPPORTED", "The file is not Parquet.", {
      fix: "Name Parquet files only, or choose the layout that the file has.",
    });
  }
  const metadata = await parquetMetadataAsync(file).catch((cause: unknown) => {
    throw damaged(cause);
  });
  return slidesOfTable(batchesOf(file, metadata), level, {}, async () => {});
};
