import { HistoError } from "../../platform/errors.ts";
import { placesOfRows, readPlaces } from "../places.ts";
import { requireOneVector, requireShape } from "../requireShape.ts";
import { type Floats, halvesOf } from "../roundToHalves.ts";
import type { Declared, FeatureLevel, FeatureSource, SlideVectors } from "../types.ts";

/** Columns that a table of features may have, with the names that they go by; that of the vectors is all it must have. */
export const COLUMNS = {
  slide: ["slide", "slide_key", "slidekey", "slide_id"],
  patient: ["patient", "patient_key", "patientkey", "patient_id"],
  x: ["x", "coord_x"],
  y: ["y", "coord_y"],
  size: ["size", "patch_size_level0"],
  micronsPerPixel: ["micronsperpixel"],
  vector: ["vector", "vectors", "features", "embedding", "v"],
} as const;
export type ColumnName = keyof typeof COLUMNS;

/** Finds columns whatever the case of their names; of several that differ in nothing else, the one in lower case, else the first. */
export const findColumns = (names: readonly string[]): Partial<Record<ColumnName, string>> => {
  const byName = new Map(names.map((name) => [name.toLowerCase(), name] as const).toReversed());
  for (const name of names) if (name === name.toLowerCase()) byName.set(name, name);
  const found = Object.entries(COLUMNS).flatMap(([column, aliases]) => {
    const name = aliases.map((alias) => byName.get(alias)).find((each) => each !== undefined);
    return name === undefined ? [] : [[column, name] as const];
  });
  return Object.fromEntries(found);
};

export const noVectors = (): HistoError =>
  new HistoError("FORMAT_UNSUPPORTED", "The table has no column of vectors.", {
    fix: "Name it vector: a fixed-size list of float16, float32 or float64.",
  });

/** Rows of a table. What a column does not have is undefined. */
export type ColumnBatch = {
  rows: number;
  dims: number;
  /** `[rows, dims]` */
  vectors: Floats;
  value(column: Exclude<ColumnName, "vector">, row: number): unknown;
};

type Pending = {
  level: FeatureLevel;
  slideKey: string | null;
  patientKey: string | null;
  dims: number;
  coordinates: number[];
  size: number | undefined;
  levelZeroMicrons: number | undefined;
  parts: Uint16Array<ArrayBuffer>[];
  rows: number;
};

/** Of one slide: they are held in memory. */
const MOST_BYTES = 2 ** 32;

const isKey = (text: string | null): boolean => text !== null && /^[\w.-]{1,100}$/.test(text);
/** A slide of a table as messages call it: what stands in the column may be a path. */
const called = (slideKey: string | null): string => (isKey(slideKey) ? `slide "${slideKey}"` : "a slide");

/** What a file says of its lengths is not what it holds, where it is damaged. */
const requireWhole = ({ rows, dims, vectors }: ColumnBatch): void => {
  if (rows === 0) return;
  requireShape(rows, dims);
  if (vectors.length === rows * dims) return;
  throw new HistoError("SLIDE_CORRUPT", "The table has more rows than vectors.", {
    fix: "Write or copy it again; pyarrow must read it to its end.",
  });
};

/** A length that a column gives: in pixels or micrometres. */
const lengthOf = (batch: ColumnBatch, column: "size" | "micronsPerPixel", row: number): number | undefined => {
  const length = numberOf(batch.value(column, row));
  if (length === undefined || (length > 0 && length < Number.POSITIVE_INFINITY)) return length;
  throw new HistoError("BAD_ARGUMENT", `The column ${column} holds what is no length above 0.`, {
    fix: "Correct the table, or leave the column out.",
  });
};

const textOf = (value: unknown): string | null => (value === undefined || value === null ? null : String(value));
const numberOf = (value: unknown): number | undefined =>
  value === undefined || value === null ? undefined : Number(value);

/** A patient's one vector stands as a slide of the patient's key, where the table names none; what is no key may be a name. */
const slideKeyAt = (batch: ColumnBatch, row: number, level: FeatureLevel): string | null => {
  const slide = textOf(batch.value("slide", row));
  if (slide !== null || level !== "PATIENT") return slide;
  const patient = textOf(batch.value("patient", row));
  return isKey(patient) ? patient : null;
};

const begin = (batch: ColumnBatch, row: number, level: FeatureLevel): Pending => ({
  level,
  slideKey: slideKeyAt(batch, row, level),
  patientKey: textOf(batch.value("patient", row)),
  dims: batch.dims,
  coordinates: [],
  size: lengthOf(batch, "size", row),
  levelZeroMicrons: lengthOf(batch, "micronsPerPixel", row),
  parts: [],
  rows: 0,
});

const requireSame = (pending: Pending, batch: ColumnBatch, row: number): void => {
  const patient = textOf(batch.value("patient", row));
  const size = lengthOf(batch, "size", row);
  const what =
    patient !== pending.patientKey
      ? "patients"
      : size !== pending.size
        ? "sizes"
        : batch.dims !== pending.dims && "dims";
  if (!what) return;
  throw new HistoError("CONFLICT", `The rows of ${called(pending.slideKey)} have different ${what}.`, {
    fix: "Correct the table: all patches of a slide have one patient, one size and vectors of one length.",
  });
};

/** Takes rows of one slide; returns the first row that is not its own. */
const take = (pending: Pending, batch: ColumnBatch, from: number): number => {
  let to = from;
  for (; to < batch.rows && slideKeyAt(batch, to, pending.level) === pending.slideKey; to++) {
    requireSame(pending, batch, to);
    const [x, y] = [numberOf(batch.value("x", to)), numberOf(batch.value("y", to))];
    if (x !== undefined && y !== undefined) pending.coordinates.push(x, y);
  }
  const { dims } = batch;
  pending.parts.push(halvesOf(batch.vectors.slice(from * dims, to * dims), dims, pending.rows));
  pending.rows += to - from;
  requireShape(pending.rows, dims);
  if (2 * dims * pending.rows <= MOST_BYTES) return to;
  throw new HistoError("LIMIT_EXCEEDED", `The vectors of ${called(pending.slideKey)} take more than 4 GB.`, {
    fix: "Write them as HDF5, a file a slide, in the layout of TRIDENT or CLAM.",
  });
};

const joined = (parts: readonly Uint16Array<ArrayBuffer>[]): Uint16Array<ArrayBuffer> => {
  const all = new Uint16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

const finish = (pending: Pending, attributes: Declared["attributes"]): SlideVectors => {
  const { level, slideKey, patientKey, rows, dims, coordinates, size, levelZeroMicrons } = pending;
  const hasPlaces = level === "PATCH";
  if (hasPlaces && coordinates.length !== 2 * rows) {
    throw new HistoError("FORMAT_UNSUPPORTED", "The table has rows without x and y.", {
      fix: "Give the left upper corner of every patch in level-0 pixels, or import with level: SLIDE.",
    });
  }
  requireOneVector(rows, level);
  const halves = joined(pending.parts);
  return {
    slideKey,
    patientKey,
    rows,
    dims,
    places: hasPlaces ? readPlaces(coordinates) : placesOfRows(rows),
    declared: {
      hasPlaces,
      ...(size !== undefined && { sizePixels: size }),
      ...(levelZeroMicrons !== undefined && { levelZeroMicrons }),
      attributes,
    },
    read: (from, to) => halves.slice(from * dims, to * dims),
  };
};

/**
 * A table as one slide after the other. A slide's rows stand together; its vectors are held in memory, as half precision.
 * @throws HistoError CONFLICT for a slide whose rows do not stand together or do not agree, and as readPlaces and halvesOf
 */
export const slidesOfTable = (
  batches: AsyncIterator<ColumnBatch>,
  level: FeatureLevel,
  attributes: Declared["attributes"],
  close: () => Promise<void>,
): FeatureSource => {
  const seen = new Set<string | null>();
  let batch: ColumnBatch | undefined;
  let row = 0;
  /** The batch with the next row; undefined at the end. */
  const current = async (): Promise<ColumnBatch | undefined> => {
    while (!batch || row >= batch.rows) {
      const next = await batches.next();
      if (next.done) return undefined;
      batch = next.value;
      row = 0;
      requireWhole(batch);
    }
    return batch;
  };
  return {
    async next() {
      const first = await current();
      if (!first) return null;
      const pending = begin(first, row, level);
      if (seen.has(pending.slideKey)) {
        throw new HistoError("CONFLICT", `The rows of ${called(pending.slideKey)} do not stand together.`, {
          fix: "Sort the table by slide.",
        });
      }
      seen.add(pending.slideKey);
      for (let more: ColumnBatch | undefined = first; more; more = await current()) {
        if (slideKeyAt(more, row, level) !== pending.slideKey) break;
        row = take(pending, more, row);
      }
      return finish(pending, attributes);
    },
    close,
  };
};
