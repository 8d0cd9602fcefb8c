import { type FileHandle, open } from "node:fs/promises";
import { type Data, DataType, type RecordBatch, RecordBatchReader, type Vector } from "apache-arrow";
import { HistoError } from "../../platform/errors.ts";
import type { Floats } from "../roundToHalves.ts";
import type { FeatureLevel, FeatureSource } from "../types.ts";
import { type ColumnBatch, findColumns, noVectors, slidesOfTable } from "./columnBatch.ts";

/** Arrow IPC, streams and files (Arrow columnar format, "Serialization and Interprocess Communication"). */

const FILE_MAGIC = "ARROW1";

const isCompressed = (cause: unknown): boolean => cause instanceof Error && cause.message.includes("codec not found");

const compressed = (cause: unknown): HistoError =>
  new HistoError("FORMAT_UNSUPPORTED", "The Arrow file is compressed.", {
    fix: 'Write it with compression="uncompressed": vectors hardly get smaller. Or write Parquet.',
    cause,
  });

const damaged = (cause: unknown): HistoError =>
  new HistoError("SLIDE_CORRUPT", "The Arrow file is truncated or damaged.", {
    fix: "Write or copy it again; pyarrow must read it to its end.",
    cause,
  });

const floatsOf = (data: Data): Floats | null => {
  if (!DataType.isFloat(data.type)) return null;
  const { values } = data as unknown as { values: Uint16Array | Float32Array | Float64Array };
  return values instanceof Uint16Array ? new Float16Array(values.buffer, values.byteOffset, values.length) : values;
};

const notNumbers = (what: string): HistoError =>
  new HistoError("FORMAT_UNSUPPORTED", `The column of vectors ${what}.`, {
    fix: "Write it as fixed-size lists of float16, float32 or float64, none of them null.",
  });

/** The numbers of a column of lists, which all have one length. */
const vectorsOf = (column: Vector, rows: number): { vectors: Floats; dims: number } => {
  const [data] = column.data as Data[];
  const [child] = data?.children ?? [];
  if (!data || !child) throw notNumbers("holds no lists");
  const values = floatsOf(child);
  if (!values) throw notNumbers("does not hold floating-point numbers");
  if (data.nullCount > 0 || child.nullCount > 0) throw notNumbers("has gaps");
  if (DataType.isFixedSizeList(data.type)) {
    const dims = data.type.listSize;
    const start = data.offset * dims;
    return { vectors: values.subarray(start, start + rows * dims), dims };
  }
  // Of large lists they are bigints.
  const offsets = data.valueOffsets as ArrayLike<number | bigint> | undefined;
  if (!offsets || offsets.length === 0) throw notNumbers("holds no lists");
  const first = Number(offsets[0]);
  const dims = Number(offsets[1] ?? first) - first;
  for (let row = 0; row < rows; row++) {
    if (Number(offsets[row + 1]) !== first + (row + 1) * dims) throw notNumbers("holds lists of different lengths");
  }
  return { vectors: values.subarray(first, first + rows * dims), dims };
};

const toBatch = (batch: RecordBatch, columns: ReturnType<typeof findColumns>): ColumnBatch => {
  const column = (name: string | undefined) => (name === undefined ? null : batch.getChild(name));
  const vectors = column(columns.vector);
  if (!vectors) throw noVectors();
  const others = new Map(
    (["slide", "patient", "x", "y", "size", "micronsPerPixel"] as const).map((name) => [name, column(columns[name])]),
  );
  return {
    rows: batch.numRows,
    ...vectorsOf(vectors, batch.numRows),
    value: (name, row) => others.get(name)?.get(row) as unknown,
  };
};

async function* batchesOf(handle: FileHandle, isFile: boolean): AsyncGenerator<ColumnBatch> {
  let reader: RecordBatchReader | undefined;
  try {
    const opened = isFile
      ? await RecordBatchReader.from(handle)
      : await RecordBatchReader.from(handle.createReadStream({ start: 0, autoClose: false }));
    reader = await opened.open();
  } catch (cause) {
    throw isCompressed(cause) ? compressed(cause) : damaged(cause);
  }
  const columns = findColumns(reader.schema.fields.map(({ name }) => name));
  const iterator = reader[Symbol.asyncIterator]() as AsyncIterator<RecordBatch>;
  for (;;) {
    const next = await iterator.next().catch((cause: unknown) => {
      throw isCompressed(cause) ? compressed(cause) : damaged(cause);
    });
    if (next.done) return;
    yield toBatch(next.value, columns);
  }
}

/** Four bytes of ones and a length of zero end a stream; one that was cut off has none. */
const requireEnd = async (handle: FileHandle, bytes: number): Promise<void> => {
  const last = Buffer.alloc(8);
  await handle.read(last, 0, 8, Math.max(0, bytes - 8));
  if (bytes >= 8 && last.readUInt32LE(0) === 0xffffffff && last.readUInt32LE(4) === 0) return;
  throw damaged(undefined);
};

const requireArrow = async (handle: FileHandle): Promise<{ isFile: boolean }> => {
  const { size } = await handle.stat();
  const head = Buffer.alloc(8);
  await handle.read(head, 0, 8, 0);
  if (head.toString("latin1", 0, 6) === FILE_MAGIC) return { isFile: true };
  if (head.readUInt32LE(0) !== 0xffffffff) {
    throw new HistoError("FORMAT_UNSUPPORTED", "The file is no Arrow stream.", {
      fix: "Name Arrow IPC files only, or choose the layout that the file has.",
    });
  }
  await requireEnd(handle, size);
  return { isFile: false };
};

/** @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT, and as slidesOfTable */
export const openArrowFeatures = async (file: string, level: FeatureLevel): Promise<FeatureSource> => {
  const handle = await open(file, "r");
  try {
    const { isFile } = await requireArrow(handle);
    return slidesOfTable(batchesOf(handle, isFile), level, {}, () => handle.close());
  } catch (error) {
    await handle.close();
    throw error;
  }
};
