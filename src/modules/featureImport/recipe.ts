import type { SlideHeader } from "../../formats/featureThread.ts";
import type { FeatureLayout, FeatureLevel } from "../../formats/types.ts";
import { HistoError } from "../../platform/errors.ts";
import { isPlausibleResolution } from "../../slides/index.ts";
import type { SlideImage } from "../../store/generated/client.ts";

/** What the patches of imported features are, put together from the input, the file and the slide's image. */
export type ImportedRecipe = {
  /** Edge of a patch in pixels at `micronsPerPixel`, as the encoder saw it. */
  patchSize: number;
  micronsPerPixel: number;
  /** In pixels at `micronsPerPixel`. */
  overlap: number;
  /** Edge of a patch in level-0 pixels. */
  sizePixels: number;
  /** How that is known. */
  sizeFrom: "FILE" | "IMAGE" | "SPACING" | "PATCH_SIZE";
  /** µm per level-0 pixel. */
  slideMicronsX: number;
  slideMicronsY: number;
};

type Asked = {
  layout: FeatureLayout;
  level: FeatureLevel;
  micronsPerPixel: number | null;
  patchSize: number | null;
};

type Image = Pick<SlideImage, "micronsPerPixelX" | "micronsPerPixelY" | "widthPixels" | "heightPixels">;

const requirePatchSize = (asked: Asked, declared: number | undefined): number => {
  if (asked.patchSize !== null && declared !== undefined && asked.patchSize !== declared) {
    throw new HistoError("CONFLICT", `The file says patches of ${declared} pixels, patchSize is ${asked.patchSize}.`, {
      fix: "Leave patchSize out, or import these files into another feature set.",
      path: ["patchSize"],
    });
  }
  const patchSize = asked.patchSize ?? declared;
  if (patchSize !== undefined && patchSize >= 1) return Math.round(patchSize);
  throw new HistoError("BAD_ARGUMENT", "The file does not say how large its patches are.", {
    fix: "Give patchSize: the edge of a patch in the pixels that the encoder saw, such as 224 or 256.",
    path: ["patchSize"],
  });
};

const resolutionUnknown = (): HistoError =>
  new HistoError("RESOLUTION_UNKNOWN", "The file does not say at which resolution its patches were cut.", {
    fix: "Give micronsPerPixel: 0.5 for 20x, 0.25 for 40x.",
    path: ["micronsPerPixel"],
  });

type Size = Pick<ImportedRecipe, "sizePixels" | "sizeFrom">;

/** The edge of a patch in level-0 pixels: what the file says, else by resolution, else by how far apart patches lie. */
const sizeOf = (
  { declared, spacing }: Pick<SlideHeader, "declared" | "spacing">,
  asked: Asked,
  image: Image | null,
  patchSize: number,
): Size => {
  if (declared.sizePixels !== undefined && declared.sizePixels >= 1) {
    return { sizePixels: Math.round(declared.sizePixels), sizeFrom: "FILE" };
  }
  const microns = asked.micronsPerPixel ?? declared.micronsPerPixel;
  if (microns !== undefined && image?.micronsPerPixelX != null) {
    const sizePixels = Math.max(1, Math.round((patchSize * microns) / image.micronsPerPixelX));
    return { sizePixels, sizeFrom: "IMAGE" };
  }
  if (declared.hasPlaces && spacing !== null) return { sizePixels: spacing, sizeFrom: "SPACING" };
  return { sizePixels: patchSize, sizeFrom: "PATCH_SIZE" };
};

/** No patch is so large, in pixels of any kind. */
const MOST_PIXELS = 2 ** 16;

/** @throws HistoError BAD_ARGUMENT, RESOLUTION_UNKNOWN for what no patch has; files say anything */
const requirePlausible = (recipe: ImportedRecipe): ImportedRecipe => {
  const { patchSize, sizePixels, overlap, micronsPerPixel } = recipe;
  if (patchSize > MOST_PIXELS || sizePixels > MOST_PIXELS || overlap >= patchSize) {
    throw new HistoError(
      "BAD_ARGUMENT",
      `The file says patches of ${patchSize} pixels, ${sizePixels} at level 0, that overlap by ${overlap}.`,
      { fix: "Compute the patches of this slide again, or correct the file's attributes." },
    );
  }
  if (isPlausibleResolution(micronsPerPixel)) return recipe;
  throw new HistoError(
    "RESOLUTION_UNKNOWN",
    `The file says ${micronsPerPixel} µm/px, which is not between 0.05 and 20.`,
    { fix: "Give micronsPerPixel: 0.5 for 20x, 0.25 for 40x.", path: ["micronsPerPixel"] },
  );
};

/**
 * What is known of a slide's patches. What the input says counts, then the file, then the image.
 * @throws HistoError BAD_ARGUMENT without patchSize, RESOLUTION_UNKNOWN, CONFLICT where input and file disagree
 */
export const importedRecipe = (
  header: Pick<SlideHeader, "declared" | "spacing">,
  asked: Asked,
  image: Image | null,
): ImportedRecipe => {
  const { declared } = header;
  const patchSize = requirePatchSize(asked, declared.patchSize);
  const size = sizeOf(header, asked, image, patchSize);
  const scale = size.sizePixels / patchSize;
  const levelZero = image?.micronsPerPixelX ?? declared.levelZeroMicrons;
  const micronsPerPixel =
    asked.micronsPerPixel ?? declared.micronsPerPixel ?? (levelZero === undefined ? undefined : levelZero * scale);
  if (micronsPerPixel === undefined) throw resolutionUnknown();
  const slideMicronsX = levelZero ?? micronsPerPixel / scale;
  return requirePlausible({
    patchSize,
    micronsPerPixel,
    overlap: Math.round(declared.overlap ?? 0),
    ...size,
    slideMicronsX,
    slideMicronsY: image?.micronsPerPixelY ?? slideMicronsX,
  });
};

/** @throws HistoError BAD_ARGUMENT when patches lie outside of the slide's image */
export const requireInside = ({ x, y }: Pick<SlideHeader, "x" | "y">, image: Image | null): void => {
  if (!image) return;
  const row = x.findIndex((left, index) => left >= image.widthPixels || (y[index] ?? 0) >= image.heightPixels);
  if (row < 0) return;
  throw new HistoError(
    "BAD_ARGUMENT",
    `The patch of row ${row} (counted from 0) lies at ${x[row]}, ${y[row]}, outside of the slide's ${image.widthPixels} × ${image.heightPixels} pixels.`,
    { fix: "Coordinates are level-0 pixels of the registered image; is it the same scan?" },
  );
};

/** The share of the slide that patches cover, 0 to 1; of what they span where the slide's size is not known. */
export const coveredShare = (
  { x, y, rows, declared }: Pick<SlideHeader, "x" | "y" | "rows" | "declared">,
  image: Image | null,
  sizePixels: number,
): number => {
  const most = (values: Int32Array) => values.reduce((greatest, value) => Math.max(greatest, value), 0) + sizePixels;
  const width = image?.widthPixels ?? declared.widthPixels ?? most(x);
  const height = image?.heightPixels ?? declared.heightPixels ?? most(y);
  return Math.min(1, (rows * sizePixels ** 2) / (width * height));
};
