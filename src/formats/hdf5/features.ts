import { HistoError } from "../../platform/errors.ts";
import { type Places, placesOfRows, readPlaces } from "../places.ts";
import { requireOneVector, requireShape } from "../requireShape.ts";
import { halvesOf } from "../roundToHalves.ts";
import type { Declared, FeatureLayout, FeatureLevel, FeatureSource, SlideVectors } from "../types.ts";
import { type AttributeValue, type Hdf5Dataset, type Hdf5File, openHdf5 } from "./readFile.ts";

/**
 * HDF5 files of CLAM and TRIDENT: one slide each, datasets `features` and `coords`.
 *
 * CLAM (github.com/mahmoodlab/CLAM, save_hdf5 and extract_features_fp.py): features `[n, d]` float32 and coords `[n, 2]`
 * int32 in chunks of 32 rows, without attributes; its files of coordinates have patch_size, patch_level, downsample and
 * level_dim, which are read where somebody copied them.
 *
 * TRIDENT (github.com/mahmoodlab/TRIDENT, save_h5 and coords_to_h5): features `[n, d]` with attributes name and encoder,
 * coords `[n, 2]` int64 with patch_size, patch_size_level0, level0_magnification, target_magnification, overlap, level0_width,
 * level0_height, in chunks of one row. Slide-level files hold features `[d]` and the coords that they were made of.
 */

/**
 * Texts say who wrote the file, where and about whom; a list of numbers that is shown is one of sizes; and JSON has no numbers
 * that are not finite.
 */
const isShown = (value: AttributeValue): boolean =>
  Array.isArray(value)
    ? value.length <= MOST_ENTRIES && value.every((entry) => Number.isFinite(entry))
    : typeof value === "boolean" || Number.isFinite(value);
const MOST_ENTRIES = 16;
const MOST_ATTRIBUTES = 64;

/** A magnification of 20 is 0.5 µm/px by convention. */
const MICRONS_AT_1X = 10;

const numberOf = (value: AttributeValue | undefined): number | undefined => {
  const number = Array.isArray(value) ? value[0] : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
};

const entryOf = (value: AttributeValue | undefined, index: number): number | undefined =>
  Array.isArray(value) ? numberOf(value[index]) : undefined;

/** What the attributes of `coords` say, in either layout. */
const declaredBy = (layout: FeatureLayout, attributes: Record<string, AttributeValue>): Omit<Declared, "hasPlaces"> => {
  const patchSize = numberOf(attributes.patch_size);
  const magnification = numberOf(attributes.target_magnification);
  const downsample = attributes.patch_level === 0 ? 1 : numberOf(attributes.downsample);
  const clamSize = patchSize !== undefined && downsample !== undefined ? Math.round(patchSize * downsample) : undefined;
  const facts = {
    patchSize,
    micronsPerPixel: magnification ? MICRONS_AT_1X / magnification : undefined,
    overlap: numberOf(attributes.overlap),
    sizePixels: layout === "CLAM_H5" ? clamSize : numberOf(attributes.patch_size_level0),
    widthPixels: numberOf(attributes.level0_width) ?? levelZero(attributes, 0),
    heightPixels: numberOf(attributes.level0_height) ?? levelZero(attributes, 1),
  };
  return {
    ...Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)),
    attributes: Object.fromEntries(
      Object.entries(attributes)
        .filter(([, value]) => isShown(value))
        .slice(0, MOST_ATTRIBUTES),
    ),
  };
};

/** CLAM's level_dim is that of patch_level. */
const levelZero = (attributes: Record<string, AttributeValue>, axis: 0 | 1): number | undefined =>
  attributes.patch_level === 0 ? entryOf(attributes.level_dim, axis) : undefined;

const unsupported = (message: string, fix: string): HistoError =>
  new HistoError("FORMAT_UNSUPPORTED", message, { fix });

const requireFeatures = (file: Hdf5File): Hdf5Dataset => {
  const features = file.dataset("features");
  if (!features) {
    throw unsupported(
      file.dataset("coords") ? "The file has coords, but no features." : 'The file has no dataset "features".',
      "Name the files that the encoder wrote, not those of the coordinates alone.",
    );
  }
  if (features.isFloat) return features;
  throw unsupported('The numbers of "features" are integers.', "Features are float16, float32 or float64.");
};

/** Which axes are rows and numbers: `[n, d]`, `[1, n, d]`, or `[d]` of a whole slide. */
const matrixShape = (
  shape: readonly number[],
  level: FeatureLevel,
): { rows: number; dims: number; rowAxis: number } => {
  const [first = 0, second = 0, third = 0] = shape;
  if (shape.length === 3 && first === 1) return { rows: second, dims: third, rowAxis: 1 };
  if (shape.length === 2) return { rows: first, dims: second, rowAxis: 0 };
  if (shape.length === 1 && level !== "PATCH") return { rows: first > 0 ? 1 : 0, dims: first, rowAxis: -1 };
  if (shape.length === 1 && first > 0) {
    throw new HistoError("BAD_ARGUMENT", `"features" is one vector of ${first} numbers, not one a patch.`, {
      fix: "Import slide-level files with level: SLIDE.",
      path: ["level"],
    });
  }
  if (shape.length === 1) return { rows: 0, dims: 0, rowAxis: 0 };
  throw unsupported(`"features" has the shape [${shape.join(", ")}].`, "Features have the shape [patches, dims].");
};

const requirePlaces = (coords: Hdf5Dataset | null, rows: number): Places => {
  if (!coords) {
    throw unsupported('The file has features, but no dataset "coords".', "Write the coordinates beside the features.");
  }
  const [first = 0, second = 0, third = 0] = coords.shape;
  const [places, axes] = coords.shape.length === 3 && first === 1 ? [second, third] : [first, second];
  if (axes === 2 && places === rows) return readPlaces(coords.readNumbers());
  throw new HistoError(
    "DIMENSION_MISMATCH",
    `"coords" has the shape [${coords.shape.join(", ")}] beside ${rows} vectors.`,
    { fix: "Coordinates have the shape [patches, 2], one row for each row of features." },
  );
};

const textOf = (value: AttributeValue | undefined): string | null => (typeof value === "string" ? value : null);

const readSlide = (file: Hdf5File, layout: FeatureLayout, level: FeatureLevel): SlideVectors => {
  const features = requireFeatures(file);
  const { rows, dims, rowAxis } = matrixShape(features.shape, level);
  requireShape(rows, dims);
  requireOneVector(rows, level);
  const coords = file.dataset("coords");
  // Files that we have written of whole slides have no coordinates: what they say of patches stands at the features.
  const attributes = coords?.attributes ?? features.attributes;
  return {
    slideKey: textOf(features.attributes.name) ?? textOf(attributes.name),
    patientKey: null,
    rows,
    dims,
    places: level === "PATCH" ? requirePlaces(coords, rows) : placesOfRows(rows),
    declared: { ...declaredBy(layout, attributes), hasPlaces: level === "PATCH" },
    read(from, to) {
      const values = rowAxis < 0 ? features.readFloats(0, 0, dims) : features.readFloats(rowAxis, from, to);
      return halvesOf(values, dims, from);
    },
  };
};

/** @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT, DIMENSION_MISMATCH, BAD_ARGUMENT, DUPLICATE_KEY, NO_TISSUE */
export const openHdf5Features = async (
  path: string,
  layout: FeatureLayout,
  level: FeatureLevel,
): Promise<FeatureSource> => {
  const file = await openHdf5(path);
  let isRead = false;
  return {
    async next() {
      if (isRead) return null;
      isRead = true;
      return readSlide(file, layout, level);
    },
    async close() {
      file.close();
    },
  };
};
