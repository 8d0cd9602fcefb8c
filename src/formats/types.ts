import type { Places } from "./places.ts";

export type FeatureLayout = "CLAM_H5" | "TRIDENT_H5" | "DEEP_ATTN_MISL_NPZ" | "ARROW" | "PARQUET";
export type FeatureLevel = "PATCH" | "SLIDE" | "PATIENT";

/** What a file says of its patches, as far as it does. */
export type Declared = {
  /** Edge of a patch in the pixels that the encoder was shown. */
  patchSize?: number;
  /** Of those pixels. */
  micronsPerPixel?: number;
  /** In those pixels. */
  overlap?: number;
  /** Edge of a patch in level-0 pixels. */
  sizePixels?: number;
  /** µm per level-0 pixel. */
  levelZeroMicrons?: number;
  /** Level-0 size of the slide. */
  widthPixels?: number;
  heightPixels?: number;
  /** False where the file tells no coordinates: then x is the row. */
  hasPlaces: boolean;
  /** The file's own attributes, but for names and folders. */
  attributes: Record<string, string | number | boolean | number[]>;
};

/** One slide's vectors in a file; the vectors themselves are asked for by row. */
export type SlideVectors = {
  /** Null: the file does not say, its own name does. */
  slideKey: string | null;
  patientKey: string | null;
  rows: number;
  dims: number;
  places: Places;
  declared: Declared;
  /** Vectors `[to − from, dims]` as half precision. @throws HistoError NOT_FINITE with the row, SLIDE_CORRUPT */
  read(from: number, to: number): Uint16Array<ArrayBuffer>;
};

/** A file of features: one slide after the other. */
export type FeatureSource = {
  next(): Promise<SlideVectors | null>;
  close(): Promise<void>;
};

/** A file is read in one layout, with one meaning of a vector. */
export type FeatureFile = { file: string; layout: FeatureLayout; level: FeatureLevel };
