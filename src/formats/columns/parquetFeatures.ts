import {
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { HistoError } from "../../platform/errors.ts";
import type { FeatureLevel, FeatureSource } from "../types.ts";
import { type ColumnBatch, findColumns, noVectors, slidesOfTable } from "./columnBatch.ts";

type Buffered = Awaited<ReturnType<typeof asyncBufferFromFile>>;
type Row = Record<string, unknown>;

/** Rows that are decoded at a time: each vector comes as a list of JavaScript numbers. */
const ROWS_AT_ONCE = 4096;

const damaged = (cause: unknown): HistoError =>
  new HistoError("SLIDE_CORRUPT", "The Parquet file is truncated or damaged.", {
    fix: "Write or copy it again; pyarrow must read it to its end.",
    cause,
  });

const unequal = (): HistoError =>
  new HistoError("FORMAT_UNSUPPORTED", "The column of vectors holds lists of different lengths, or gaps.", {
    fix: "Write lists of one length, none of them null.",
  });

const toBatch = (rows: readonly Row[], columns: ReturnType<typeof findColumns>): ColumnBatch => {
  const lists = rows.map((row) => row[columns.vector ?? ""]) as (ArrayLike<number | null> | null)[];
  const dims = lists[0]?.length ?? 0;
  const vectors = new Float32Array(rows.length * dims);
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

async function* batchesOf(file: Buffered, metadata: FileMetaData): AsyncGenerator<ColumnBatch> {
  const names = parquetSchema(metadata).children.map(({ element }) => element.name);
  const columns = findColumns(names);
  if (columns.vector === undefined) throw noVectors();
  const total = Number(metadata.num_rows);
  for (let rowStart = 0; rowStart < total; rowStart += ROWS_AT_ONCE) {
    const rowEnd = Math.min(total, rowStart + ROWS_AT_ONCE);
    const rows = await parquetReadObjects({
      file,
      metadata,
      compressors,
      columns: Object.values(columns),
      rowStart,
      rowEnd,
    }).catch((cause: unknown) => {
      throw damaged(cause);
    });
    yield toBatch(rows, columns);
  }
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
