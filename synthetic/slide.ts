/** Renders one patient's slide and truth maps into a cohort folder. */
import { join } from "node:path";
import { syntheticPatient } from "./cohort.ts";
import { composeScene, immuneDensity, paintScene } from "./render.ts";
import { writeField, writeSlide } from "./tiff.ts";

export type SlideTask = { seed: number; patientIndex: number; edgePixels: number; folder: string };

export type RenderedSlide = { patientIndex: number; slideKey: string; immuneCells: number; tookMs: number };

/** The two folders of a cohort folder. */
export const SLIDES_FOLDER = "slides";
export const TRUTH_FOLDER = "truth";

/** Writes slides/<key>.tif, truth/<key>.png and truth/<key>-immune.png; the folders must exist. */
export const renderSlide = async ({ seed, patientIndex, edgePixels, folder }: SlideTask): Promise<RenderedSlide> => {
  const startedAt = performance.now();
  const { pattern, site, slideKey } = syntheticPatient(seed, patientIndex);
  const recipe = { seed, patientIndex, pattern, site, edgePixels };
  const scene = composeScene(recipe);
  const origin = `SYNTHETIC: drawn by a program, no patient. HistoQL synthetic cohort, seed ${seed}, ${slideKey}`;
  const { cells, classes } = scene.layout;
  const density = Uint16Array.from(immuneDensity(scene.layout, scene.immuneCells), (value) =>
    Math.min(65535, Math.round(value)),
  );
  const truth = join(folder, TRUTH_FOLDER, slideKey);
  await Promise.all([
    writeField(`${truth}.png`, classes, cells, `${origin}, tissue classes.`),
    writeField(`${truth}-immune.png`, density, cells, `${origin}, CD3+ cells per mm2.`),
    writeSlide(
      join(folder, SLIDES_FOLDER, `${slideKey}.tif`),
      paintScene(scene, recipe),
      edgePixels,
      `${origin}, haematoxylin with CD3 (DAB).`,
    ),
  ]);
  return { patientIndex, slideKey, immuneCells: scene.immuneCells.length, tookMs: performance.now() - startedAt };
};
