import type { SchemaElement } from "hyparquet";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { METADATA_KEY } from "./arrow.ts";
import type { FeatureBatch, FeatureTable, TableColumn } from "./featureTable.ts";
import { singlesOf } from "./halves.ts";

/**
 * Vectors as Parquet (format 2.10), with the columns of the Arrow stream. Texts are encoded by dictionary; vectors are lists,
 * which every reader knows (there is no list of fixed size in Parquet), and are not compressed: they are noise to a compressor.
 */

type Column = { schema: SchemaElement[]; source: ColumnSource };

const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;

const flat = (
  name: string,
  element: Pick<SchemaElement, "type" | "converted_type">,
  data: ColumnSource["data"],
  isNullable = false,
): Column => ({
  schema: [{ name, ...element, repetition_type: isNullable ? "OPTIONAL" : "REQUIRED" }],
  source: { name, data },
});

const bySlide = <Value>({ slides }: FeatureBatch, read: (slide: number) => Value): Value[] => Array.from(slides, read);

const ELEMENTS = {
  NUMBER: { type: "DOUBLE" },
  BOOLEAN: { type: "BOOLEAN" },
  CATEGORY: TEXT,
  TEXT,
} as const satisfies Record<TableColumn["type"], Pick<SchemaElement, "type" | "converted_type">>;

const idTexts = ({ rows, ids: { offsets, bytes } }: FeatureBatch): string[] => {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: rows }, (_, row) => all.toString("latin1", offsets[row], offsets[row + 1]));
};

/** A list of numbers of each row: Parquet's three levels of a list that is always there, as its members are. */
const vectorColumn = ({ dims, precision }: FeatureTable, { rows, halves }: FeatureBatch): Column => {
  const name = "vector";
  const singles = singlesOf(halves, new ArrayBuffer(halves.length * 4));
  const element: SchemaElement =
    precision === "FLOAT16"
      ? { name: "element", type: "FIXED_LEN_BYTE_ARRAY", type_length: 2, logical_type: { type: "FLOAT16" } }
      : { name: "element", type: "FLOAT" };
  return {
    schema: [
      { name, repetition_type: "REQUIRED", num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { ...element, repetition_type: "REQUIRED" },
    ],
    source: {
      name,
      data: Array.from({ length: rows }, (_, row) => Array.from(singles.subarray(row * dims, (row + 1) * dims))),
      encoding: "PLAIN",
      codec: "UNCOMPRESSED",
    },
  };
};

const columnsOf = (table: FeatureTable, batch: FeatureBatch): Column[] => {
  const { slides, phenotypes, hasAttention, hasPlaces, clinical } = table;
  const slide = (place: number) => slides[place] as FeatureTable["slides"][number];
  return [
    ...(hasPlaces ? [flat("patch", TEXT, idTexts(batch))] : []),
    flat(
      "slide",
      TEXT,
      bySlide(batch, (place) => slide(place).key),
    ),
    flat(
      "patient",
      TEXT,
      bySlide(batch, (place) => slide(place).patientKey),
    ),
    ...(hasPlaces
      ? [
          flat("x", { type: "INT32" }, batch.x),
          flat("y", { type: "INT32" }, batch.y),
          flat(
            "size",
            { type: "INT32" },
            bySlide(batch, (place) => slide(place).size),
          ),
          flat(
            "micronsPerPixel",
            { type: "DOUBLE" },
            bySlide(batch, (place) => slide(place).micronsPerPixel),
          ),
        ]
      : []),
    ...(phenotypes
      ? [
          flat(
            "phenotype",
            TEXT,
            Array.from(batch.phenotypes, (number) => phenotypes[number] ?? null),
            true,
          ),
        ]
      : []),
    ...(hasAttention
      ? [
          flat(
            "attention",
            { type: "FLOAT" },
            Array.from(batch.attention, (weight) => (Number.isNaN(weight) ? null : weight)),
            true,
          ),
        ]
      : []),
    ...clinical.map(({ name, type }, index) =>
      flat(
        name,
        ELEMENTS[type],
        bySlide(batch, (place) => slide(place).values[index] ?? null),
        true,
      ),
    ),
    vectorColumn(table, batch),
  ];
};

/** Rows as one Parquet file of one row group. */
export const encodeParquet = (table: FeatureTable, batch: FeatureBatch): Uint8Array<ArrayBuffer> => {
  const columns = columnsOf(table, batch);
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columns.map(({ source }) => source),
      schema: [{ name: "root", num_children: columns.length }, ...columns.flatMap(({ schema }) => schema)],
      rowGroupSize: Math.max(1, batch.rows),
      kvMetadata: [{ key: METADATA_KEY, value: JSON.stringify(table.metadata) }],
      createdBy: "histoql",
      statistics: false,
    }),
  );
};
