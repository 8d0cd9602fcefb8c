import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int32,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Utf8,
  type Vector,
  vectorFromArray,
} from "apache-arrow";
import type { FeatureBatch, FeatureTable, TableColumn } from "./featureTable.ts";
import { singlesOf } from "./halves.ts";

/**
 * Vectors as an Arrow IPC stream (Arrow columnar format 1.5, "IPC Streaming Format"). Columns are made as whole buffers; no
 * number of a vector is looked at but where it is converted to single precision.
 */

/** The key of the schema's metadata under which the table's own stand as JSON. */
export const METADATA_KEY = "histoql";

/** One column: its field, and its numbers in a batch. */
type Column = { field: Field; make(batch: FeatureBatch): Data };

const field = (name: string, type: DataType, isNullable = false, metadata?: Record<string, string>): Field =>
  new Field(name, type, isNullable, metadata && new Map(Object.entries(metadata)));

/** Bits of what is there, least significant first; no bitmap where everything is. */
const validityOf = (
  rows: number,
  isThere: (row: number) => boolean,
): { nullBitmap?: Uint8Array; nullCount: number } => {
  const nullBitmap = new Uint8Array((rows + 7) >> 3);
  let nullCount = 0;
  for (let row = 0; row < rows; row++) {
    if (isThere(row)) nullBitmap[row >> 3] = (nullBitmap[row >> 3] as number) | (1 << (row & 7));
    else nullCount++;
  }
  return nullCount === 0 ? { nullCount } : { nullBitmap, nullCount };
};

/** Values of a batch's slides, row by row. */
const bySlide = <Values extends Int32Array | Float64Array>(
  { rows, slides }: FeatureBatch,
  ofSlide: Values,
  values: Values,
): Values => {
  for (let row = 0; row < rows; row++) values[row] = ofSlide[slides[row] as number] as number;
  return values;
};

type Numbered = { names: readonly string[]; ofSlide: Int32Array };

/** Texts of slides as numbers of the different ones among them, -1 for none. */
const numbered = (texts: readonly (string | null)[]): Numbered => {
  const names = [...new Set(texts.filter((text) => text !== null))];
  const numbers = new Map(names.map((name, index) => [name, index]));
  return { names, ofSlide: Int32Array.from(texts, (text) => (text === null ? -1 : (numbers.get(text) as number))) };
};

/** A dictionary is sent once, before the first batch. */
const dictionaryColumn = (
  id: number,
  name: string,
  names: readonly string[],
  codesOf: (batch: FeatureBatch) => Int32Array,
  isNullable: boolean,
): Column => {
  const type = new Dictionary(new Utf8(), new Int32(), id, false);
  const dictionary: Vector<Utf8> = vectorFromArray([...names], new Utf8());
  return {
    field: field(name, type, isNullable),
    make: (batch) => {
      const data = codesOf(batch);
      const validity = isNullable ? validityOf(batch.rows, (row) => (data[row] as number) >= 0) : { nullCount: 0 };
      // A number below zero stands in the bytes of what is null, where readers may not expect it.
      const codes = validity.nullCount > 0 ? data.map((code) => Math.max(0, code)) : data;
      return makeData({ type, length: batch.rows, data: codes, dictionary, ...validity });
    },
  };
};

const clinicalColumn = ({ slides }: FeatureTable, { name, type }: TableColumn, index: number, id: number): Column => {
  const values = slides.map((slide) => slide.values[index] ?? null);
  if (type === "CATEGORY" || type === "TEXT") {
    const { names, ofSlide } = numbered(values.map((value) => (value === null ? null : String(value))));
    return dictionaryColumn(id, name, names, (batch) => bySlide(batch, ofSlide, new Int32Array(batch.rows)), true);
  }
  const isThere = (batch: FeatureBatch) =>
    validityOf(batch.rows, (row) => values[batch.slides[row] as number] !== null);
  if (type === "NUMBER") {
    const ofSlide = Float64Array.from(values, Number);
    return {
      field: field(name, new Float64(), true),
      make: (batch) =>
        makeData({
          type: new Float64(),
          length: batch.rows,
          data: bySlide(batch, ofSlide, new Float64Array(batch.rows)),
          ...isThere(batch),
        }),
    };
  }
  return {
    field: field(name, new Bool(), true),
    make: (batch) => {
      const { nullBitmap } = validityOf(batch.rows, (row) => values[batch.slides[row] as number] === true);
      const data = nullBitmap ?? new Uint8Array((batch.rows + 7) >> 3).fill(0xff);
      return makeData({ type: new Bool(), length: batch.rows, data, ...isThere(batch) });
    },
  };
};

const int32Column = (name: string, valuesOf: (batch: FeatureBatch) => Int32Array, unit?: string): Column => ({
  field: field(name, new Int32(), false, unit === undefined ? undefined : { unit }),
  make: (batch) => makeData({ type: new Int32(), length: batch.rows, data: valuesOf(batch) }),
});

const PIXELS = "level-0 pixels";

const placeColumns = ({ slides, hasPlaces }: FeatureTable): Column[] => {
  if (!hasPlaces) return [];
  const sizes = Int32Array.from(slides, ({ size }) => size);
  const resolutions = Float64Array.from(slides, ({ micronsPerPixel }) => micronsPerPixel);
  return [
    int32Column("x", ({ x }) => x, PIXELS),
    int32Column("y", ({ y }) => y, PIXELS),
    int32Column("size", (batch) => bySlide(batch, sizes, new Int32Array(batch.rows)), PIXELS),
    {
      field: field("micronsPerPixel", new Float64(), false, { unit: "micrometres per level-0 pixel" }),
      make: (batch) =>
        makeData({
          type: new Float64(),
          length: batch.rows,
          data: bySlide(batch, resolutions, new Float64Array(batch.rows)),
        }),
    },
  ];
};

const idColumn: Column = {
  field: field("patch", new Utf8()),
  make: ({ rows, ids }) =>
    makeData({ type: new Utf8(), length: rows, nullCount: 0, valueOffsets: ids.offsets, data: ids.bytes }),
};

const attentionColumn: Column = {
  field: field("attention", new Float32(), true),
  make: ({ rows, attention }) =>
    makeData({
      type: new Float32(),
      length: rows,
      data: attention,
      ...validityOf(rows, (row) => !Number.isNaN(attention[row])),
    }),
};

const vectorColumn = ({ dims, precision }: FeatureTable): Column => {
  const item = field("item", precision === "FLOAT16" ? new Float16() : new Float32());
  const type = new FixedSizeList(dims, item);
  let memory = new ArrayBuffer(0);
  const singles = (halves: Uint16Array): Float32Array => {
    if (memory.byteLength < halves.length * 4) memory = new ArrayBuffer(halves.length * 4);
    return singlesOf(halves, memory);
  };
  return {
    field: field("vector", type),
    make: ({ rows, halves }) => {
      const length = rows * dims;
      const child =
        precision === "FLOAT16"
          ? makeData({ type: new Float16(), length, nullCount: 0, data: halves })
          : makeData({ type: new Float32(), length, nullCount: 0, data: singles(halves) });
      return makeData({ type, length: rows, nullCount: 0, child });
    },
  };
};

const columnsOf = (table: FeatureTable): Column[] => {
  const { slides, phenotypes, hasAttention, hasPlaces, clinical } = table;
  const patients = numbered(slides.map(({ patientKey }) => patientKey));
  const slideKeys = slides.map(({ key }) => key);
  const patientCodes = (batch: FeatureBatch) => bySlide(batch, patients.ofSlide, new Int32Array(batch.rows));
  return [
    ...(hasPlaces ? [idColumn] : []),
    dictionaryColumn(0, "slide", slideKeys, (batch) => batch.slides, false),
    dictionaryColumn(1, "patient", patients.names, patientCodes, false),
    ...placeColumns(table),
    ...(phenotypes ? [dictionaryColumn(2, "phenotype", phenotypes, (batch) => batch.phenotypes, true)] : []),
    ...(hasAttention ? [attentionColumn] : []),
    ...clinical.map((column, index) => clinicalColumn(table, column, index, 3 + index)),
    vectorColumn(table),
  ];
};

/** The library's writer without its queue, which would take batches faster than anybody reads them. */
class StreamMessages extends RecordBatchStreamWriter {
  private messages: Uint8Array[] = [];

  protected override _write(chunk: ArrayBufferView): this {
    const { buffer, byteOffset, byteLength } = chunk;
    if (byteLength > 0) this.messages.push(new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength));
    return this;
  }

  /** What was written since the last call. */
  take(): Uint8Array[] {
    const taken = this.messages;
    this.messages = [];
    return taken;
  }
}

/**
 * An Arrow IPC stream: schema, dictionaries, a record batch for each batch, and the end mark, which a stream that broke off
 * does not have. One batch is made at a time, when the one before has been taken.
 * @returns pieces to be sent one behind the other; their memory is used again for the next batch
 */
export async function* encodeArrow(
  table: FeatureTable,
  batches: AsyncIterable<FeatureBatch>,
): AsyncGenerator<Uint8Array[], void, undefined> {
  const columns = columnsOf(table);
  const metadata = new Map([[METADATA_KEY, JSON.stringify(table.metadata)]]);
  const schema = new Schema(
    columns.map((column) => column.field),
    metadata,
  );
  const writer = new StreamMessages({ autoDestroy: false });
  writer.reset(undefined, schema);
  yield writer.take();
  const type = new Struct(schema.fields);
  for await (const batch of batches) {
    const children = columns.map(({ make }) => make(batch));
    writer.write(new RecordBatch(schema, makeData({ type, length: batch.rows, nullCount: 0, children })));
    yield writer.take();
  }
  writer.finish();
  yield writer.take();
}
