import { join } from "node:path";
import { encodeHdf5Archive } from "../../formats/hdf5/archive.ts";
import type { SlideLayout, WrittenAttributes } from "../../formats/hdf5/writeFile.ts";
import { HistoError } from "../../platform/errors.ts";
import type { Encoder, Export, FeatureSet, PatchGrid, SlideImage } from "../../store/generated/client.ts";
import type { App } from "../context.ts";
import type { OpenedExport } from "./export.open.ts";
import { exportBatches } from "./export.rows.ts";
import type { ExportInput } from "./export.service.ts";

/** Vectors as CLAM and TRIDENT lay them out: one HDF5 file a slide, all in one tar archive. */

/** Where archives are put together. */
export const scratchFolder = ({ config }: Pick<App, "config">): string => join(config.dataFolder, "exports");

export const isHdf5 = (format: Export["format"]): boolean => format === "TRIDENT_H5" || format === "CLAM_H5";

/**
 * What these layouts have no place for is refused, rather than left out.
 * @throws HistoError BAD_ARGUMENT
 */
export const requireHdf5Input = ({ format, precision, columns, codebook, score }: ExportInput): void => {
  const field =
    precision === "FLOAT16"
      ? "precision"
      : columns && columns.length > 0
        ? "columns"
        : codebook
          ? "codebook"
          : score && "score";
  if (!field) return;
  throw new HistoError("BAD_ARGUMENT", `Files in the layout ${format} have no place for ${field}.`, {
    fix: "Leave it out: these files hold features in single precision and coordinates; ARROW_STREAM holds everything.",
    path: [field],
  });
};

/** Rows of a chunk, as the original programs write them. */
const CHUNK_ROWS = { TRIDENT_H5: 1, CLAM_H5: 32 } as const;

const MICRONS_AT_1X = 10;
/** Nominal magnifications have two digits: 0.2528 µm/px are 40x. */
const magnification = (micronsPerPixel: number): number => Number((MICRONS_AT_1X / micronsPerPixel).toPrecision(2));

type Grid = PatchGrid & { slide: { key: string; image: Pick<SlideImage, "widthPixels" | "heightPixels"> | null } };

/** Those that files have a place for: numbers, and lists of them. */
const writable = (attributes: Readonly<Record<string, unknown>>): WrittenAttributes =>
  Object.fromEntries(
    Object.entries(attributes).filter((entry): entry is [string, number | number[]] => {
      const numbers: unknown[] = [entry[1]].flat();
      return numbers.length > 0 && numbers.every((number) => Number.isFinite(number));
    }),
  );

/** What an imported file said, where it was of the same layout; else what is known here in its terms. */
const coordsAttributes = (format: Export["format"], grid: Grid): WrittenAttributes => {
  const declared = grid.declared as { layout?: string; attributes?: Record<string, unknown> };
  const said = declared.layout === format ? writable(declared.attributes ?? {}) : {};
  if (format === "CLAM_H5") return said;
  const { image, key } = grid.slide;
  return {
    patch_size: grid.patchSize,
    patch_size_level0: grid.sizeX,
    level0_magnification: magnification(grid.micronsPerPixelX),
    target_magnification: magnification(grid.micronsPerPixel),
    overlap: grid.overlap,
    ...(image && { level0_width: image.widthPixels, level0_height: image.heightPixels }),
    ...said,
    name: key,
  };
};

const layoutOf = (format: Export["format"], encoder: Encoder, grid: Grid, hasPlaces: boolean): SlideLayout => {
  const isTrident = format === "TRIDENT_H5";
  const coords = coordsAttributes(format, grid);
  return {
    chunkRows: CHUNK_ROWS[isTrident ? "TRIDENT_H5" : "CLAM_H5"],
    coordinates: isTrident ? "int64" : "int32",
    features: {
      // Without coordinates there is nothing else that could say it; and without it the file could not be imported again.
      ...(!hasPlaces && coords),
      ...(isTrident && { name: grid.slide.key, encoder: encoder.key }),
    },
    coords,
  };
};

/**
 * The bytes of an archive of HDF5 files with a manifest at its end. Each piece may be written over when the next one is asked
 * for: send it first.
 * @throws HistoError CONFLICT in the middle when vectors change meanwhile
 */
export async function* streamHdf5(
  app: App,
  { row, featureSet }: { row: Export; featureSet: FeatureSet },
  { table, request }: OpenedExport,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const [encoder, grids] = await Promise.all([
    app.prisma.encoder.findUniqueOrThrow({ where: { id: featureSet.encoderId } }),
    app.prisma.patchGrid.findMany({
      where: { id: { in: row.gridIds } },
      include: { slide: { select: { key: true, image: { select: { widthPixels: true, heightPixels: true } } } } },
    }),
  ]);
  const byKey = new Map(grids.map((grid) => [grid.slide.key, grid]));
  const layouts = table.slides.map(({ key }) => layoutOf(row.format, encoder, byKey.get(key) as Grid, table.hasPlaces));
  yield* encodeHdf5Archive(
    table,
    exportBatches(app.database, request, signal),
    (slide) => layouts[slide] as SlideLayout,
    scratchFolder(app),
  );
}
