import { rename } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { renderCohort } from "../synthetic/index.ts";

const PATCH = 224;
const PIXELS_PER_MILLIMETRE = 2000;

/**
 * Writes a tiled pyramidal TIFF with `side` × `side` patches of 224 pixels at 0.5 µm/px: one synthetic slide repeated.
 * Content does not matter to speed; size does.
 */
export const writeLargeSlide = async (folder: string, name: string, side: number): Promise<string> => {
  const { slideFiles } = await renderCohort({ folder: join(folder, "source"), patients: 1, seed: 3 });
  const source = await sharp(slideFiles[0] ?? "", { page: 0 })
    .png({ compressionLevel: 1 })
    .toBuffer();
  const edge = side * PATCH;
  const file = join(folder, `${name}.tif`);
  await sharp({ create: { width: edge, height: edge, channels: 3, background: "white" }, limitInputPixels: false })
    .composite([{ input: source, tile: true, gravity: "northwest" }])
    .removeAlpha()
    .tiff({
      tile: true,
      tileWidth: 256,
      tileHeight: 256,
      pyramid: true,
      compression: "jpeg",
      quality: 80,
      bigtiff: true,
      xres: PIXELS_PER_MILLIMETRE,
      yres: PIXELS_PER_MILLIMETRE,
    })
    .toFile(`${file}.partial`);
  await rename(`${file}.partial`, file);
  return file;
};
