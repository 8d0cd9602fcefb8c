import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { cellOrigin, detectTissue, maskPreviewPng, planGrid, slideBackends } from "../../slides/index.ts";
import type { Slide } from "../../store/generated/client.ts";
import { insertPatches, requireNameableCells } from "../../store/patches.ts";
import type { App } from "../context.ts";
import type { ResolvedImage } from "../slide/image.service.ts";
import { isStepped, type SteppedGrid } from "./steppedGrid.ts";

/** GridInput: how slides are cut. Lengths in pixels at `micronsPerPixel`. */
export type GridRecipe = {
  patchSize: number;
  micronsPerPixel: number;
  overlap: number;
  minTissue: number;
  tissue: "OTSU" | "FIXED" | "DARKFIELD" | "NONE";
};

/** Raised whenever the same recipe would give other patches. */
const GRID_VERSION = 1;

const refuse = (field: string, message: string, fix: string): never => {
  throw new HistoError("BAD_ARGUMENT", message, { fix, path: ["grid", field] });
};

/** @throws HistoError BAD_ARGUMENT naming the field */
export const requireRecipe = (grid: GridRecipe): GridRecipe => {
  const { patchSize, micronsPerPixel, overlap, minTissue, tissue } = grid;
  if (patchSize < 16 || patchSize > 4096) {
    refuse("patchSize", `patchSize ${patchSize} is not between 16 and 4096 pixels.`, "Use 224 or 256.");
  }
  if (!(micronsPerPixel >= 0.05 && micronsPerPixel <= 20)) {
    refuse("micronsPerPixel", `${micronsPerPixel} µm/px is not between 0.05 and 20.`, "Use 0.5 for 20x, 0.25 for 40x.");
  }
  if (overlap < 0 || overlap >= patchSize) {
    refuse("overlap", `overlap ${overlap} is not between 0 and patchSize − 1 pixels.`, "Use 0.");
  }
  if (!(minTissue >= 0 && minTissue <= 1)) {
    refuse("minTissue", `minTissue ${minTissue} is not a share between 0 and 1.`, "Use 0.5.");
  }
  return { patchSize, micronsPerPixel, overlap, minTissue, tissue };
};

/** Equal for equal results: the recipe, the pixels' checksum and the slide's resolution. */
export const gridDigest = (
  image: Pick<ResolvedImage, "checksum" | "micronsPerPixelX" | "micronsPerPixelY">,
  recipe: GridRecipe,
): string =>
  digestOf({
    version: GRID_VERSION,
    ...recipe,
    slide: image.checksum,
    micronsPerPixelX: image.micronsPerPixelX,
    micronsPerPixelY: image.micronsPerPixelY,
  });

/** Refuses a grid of so many patches before any of them is stored. */
type RequireRoom = (patches: number) => Promise<void>;

const readerVersion = (backend: string): string => {
  const { openslide, libvips } = slideBackends();
  return (backend === "openslide" ? openslide.version : libvips.version) ?? "";
};

const storeGrid = async (
  app: App,
  slide: Slide,
  image: ResolvedImage,
  recipe: GridRecipe,
  digest: string,
  requireRoom: RequireRoom,
) => {
  const { plan, mask } = await app.openSlides.use(image, async (opened) => {
    const tissue = await detectTissue(opened, recipe.tissue);
    const grid = planGrid(
      {
        widthPixels: image.widthPixels,
        heightPixels: image.heightPixels,
        micronsPerPixel: { x: image.micronsPerPixelX, y: image.micronsPerPixelY },
        patchSize: recipe.patchSize,
        targetMicronsPerPixel: recipe.micronsPerPixel,
        overlap: recipe.overlap,
        minTissue: recipe.minTissue,
      },
      tissue,
    );
    return { plan: grid, mask: tissue };
  });
  requireNameableCells(plan.columns, plan.rows, slide.key);
  if (plan.cells.length === 0) {
    throw new HistoError(
      "NO_TISSUE",
      `No patch of slide "${slide.key}" is at least ${recipe.minTissue * 100} % tissue.`,
      {
        fix: "Lower grid.minTissue, choose another grid.tissue method, or NONE to take every patch.",
      },
    );
  }
  await requireRoom(plan.cells.length);
  const maskDigest = await app.artefacts.put(await maskPreviewPng(mask));
  const x = new Int32Array(plan.cells.length);
  const y = new Int32Array(plan.cells.length);
  plan.cells.forEach((cell, index) => {
    const origin = cellOrigin(plan, cell);
    x[index] = origin.x;
    y[index] = origin.y;
  });
  await app.database.transaction(async (client) => {
    const { rows } = await client.query<{ id: number }>(
      `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue,
         slide_checksum, microns_per_pixel_x, microns_per_pixel_y, columns, rows, step_x, step_y, size_x, size_y,
         patches, tissue_share, mask_digest, software)
       VALUES ($1, $2, $3, $4, $5, $6, $7::tissue_method, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
       ON CONFLICT (slide_id, digest) DO NOTHING RETURNING id`,
      [
        slide.id,
        digest,
        recipe.patchSize,
        recipe.micronsPerPixel,
        recipe.overlap,
        recipe.minTissue,
        recipe.tissue,
        image.checksum,
        image.micronsPerPixelX,
        image.micronsPerPixelY,
        plan.columns,
        plan.rows,
        plan.stepX,
        plan.stepY,
        plan.sizeX,
        plan.sizeY,
        plan.cells.length,
        mask.tissueShare,
        maskDigest,
        { histoql: app.version, gridVersion: GRID_VERSION, reader: `${image.backend} ${readerVersion(image.backend)}` },
      ],
    );
    // Another job may have stored the same grid meanwhile; then its patches are there too.
    const stored = rows[0];
    if (stored) await insertPatches(client, stored.id, { cells: plan.cells, x, y, tissueShare: plan.tissueShare });
  });
};

/**
 * The slide's grid for a recipe, made when it is not there yet.
 * @throws HistoError NO_TISSUE, NOT_BRIGHTFIELD, SLIDE_CORRUPT, BAD_ARGUMENT (finer than the scan), LIMIT_EXCEEDED
 */
export const ensureGrid = async (
  app: App,
  slide: Slide,
  image: ResolvedImage,
  recipe: GridRecipe,
  requireRoom: RequireRoom = async () => {},
): Promise<SteppedGrid> => {
  const digest = gridDigest(image, recipe);
  const find = () => app.prisma.patchGrid.findUnique({ where: { slideId_digest: { slideId: slide.id, digest } } });
  const known = await find();
  if (known && isStepped(known)) return known;
  await storeGrid(app, slide, image, recipe, digest, requireRoom);
  const stored = await find();
  if (!stored || !isStepped(stored)) throw new Error("A grid that was just stored is gone.");
  return stored;
};
