/**
 * Vectors on their way out, whatever the file's format: what all rows have in common, and rows in batches. A writer of a
 * format takes a `FeatureTable` and an `AsyncIterable<FeatureBatch>`.
 */

/** A slide that rows may be of. */
export type TableSlide = {
  key: string;
  patientKey: string;
  /** Edge of a patch in level-0 pixels. */
  size: number;
  /** Of level 0, along x. */
  micronsPerPixel: number;
  /** Values of the clinical columns, in their order; null where one is missing. */
  values: readonly unknown[];
};

export type TableColumn = { name: string; type: "NUMBER" | "CATEGORY" | "BOOLEAN" | "TEXT" };

export type FeatureTable = {
  dims: number;
  precision: "FLOAT32" | "FLOAT16";
  slides: readonly TableSlide[];
  clinical: readonly TableColumn[];
  /** Labels of phenotypes by number; null without a codebook. */
  phenotypes: readonly string[] | null;
  hasAttention: boolean;
  /** Whether rows are patches of slides, which have places; else they are slides or patients. */
  hasPlaces: boolean;
  /** Where the vectors come from, for the file's own metadata. */
  metadata: Readonly<Record<string, unknown>>;
};

/** Rows; arrays of `rows` numbers unless said otherwise, empty where the table has no such column. */
export type FeatureBatch = {
  rows: number;
  /** Global ids of the patches in UTF-8, end to end; row `i` from `offsets[i]` to `offsets[i + 1]`. */
  ids: { offsets: Int32Array; bytes: Uint8Array };
  /** Places in the table's `slides`. */
  slides: Int32Array;
  /** Left and upper edges in level-0 pixels. */
  x: Int32Array;
  y: Int32Array;
  /** Numbers of phenotypes, -1 for none. */
  phenotypes: Int32Array;
  /** NaN for none. */
  attention: Float32Array;
  /** Binary16 bit patterns `[rows, dims]`. */
  halves: Uint16Array;
};
