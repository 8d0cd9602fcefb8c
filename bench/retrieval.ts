import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { localContext } from "../src/commands/ingest.ts";
import { BUNDLED_ENCODER_KEY } from "../src/inference/bundled-encoder.ts";
import { embedSlides } from "../src/modules/featureSet/featureSet.service.ts";
import { gridPart } from "../src/modules/patch/patch.service.ts";
import { similarPatches } from "../src/modules/similarity/similarity.service.ts";
import { registerSlides } from "../src/modules/slide/register.service.ts";
import { createStudy } from "../src/modules/study/study.service.ts";
import { readConfig } from "../src/platform/config.ts";
import { encodeId } from "../src/platform/ids.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { gridIdOf } from "../src/store/patches.ts";
import { atLeast, type Bench, fact } from "./figure.ts";

/**
 * Leave-source-group-out retrieval on the LC25000 patches: each patch is a slide, its source group the patient, so that
 * `similarPatches` leaves out the query's own group as it leaves out a query's own patient.
 */

const FOLDER = join(import.meta.dirname, "../../shared/data/patches/lc25000");
const HITS = 10;
const MICRONS_PER_PIXEL = 0.5;

type Patch = { file: string; key: string; tissueClass: string; sourceGroup: string };

const readLabels = async (): Promise<Patch[]> => {
  const [header = "", ...lines] = (await readFile(join(FOLDER, "labels.csv"), "utf8")).trim().split(/\r?\n/);
  const columns = header.split(",");
  const at = (name: string) => columns.indexOf(name);
  return lines.map((line) => {
    const cells = line.split(",");
    const file = cells[at("file")] ?? "";
    const key = (file.split("/").at(-1) ?? "").replace(/\.[^.]+$/, "");
    return {
      file,
      key,
      tissueClass: cells[at("tissue_class")] ?? "",
      sourceGroup: `group-${cells[at("source_group")] ?? ""}`,
    };
  });
};

/**
 * Average precision of one ranking: the mean, over the relevant hits among the first ten, of the precision at each.
 * (Divided by the relevant hits found, as in the README of the data.)
 */
export const averagePrecision = (relevant: readonly boolean[]): number => {
  let found = 0;
  let sum = 0;
  relevant.forEach((isRelevant, rank) => {
    if (!isRelevant) return;
    found++;
    sum += found / (rank + 1);
  });
  return found === 0 ? 0 : sum / found;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Gray pictures of the same patches, so that stain cannot help. */
const writeGray = async (patches: readonly Patch[], folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  for (const { file, key } of patches) {
    await sharp(join(FOLDER, file))
      .grayscale()
      .toColourspace("srgb")
      .png()
      .toFile(join(folder, `${key}.png`));
  }
};

/** mAP@10 of the bundled encoder through `similarPatches`, over the pictures in a folder. */
const measureStudy = async (
  app: RunningApp,
  studyKey: string,
  folder: string,
  patches: readonly Patch[],
): Promise<number> => {
  const context = localContext(app);
  await createStudy(context, { key: studyKey, name: studyKey });
  const registered = await registerSlides(context, {
    studyKey,
    paths: [folder],
    patients: patches.map(({ key, sourceGroup }) => ({ slideKey: key, patientKey: sourceGroup })),
    stain: "HE",
  });
  if (registered.slides.length !== patches.length) throw new Error(`${registered.errors.length} patches were refused.`);
  await app.database.query(
    `UPDATE slide_image SET microns_per_pixel_x = $1, microns_per_pixel_y = $1, resolution_source = 'USER'
     FROM slide JOIN study ON study.id = slide.study_id WHERE slide.id = slide_image.slide_id AND study.key = $2`,
    [MICRONS_PER_PIXEL, studyKey],
  );
  const { featureSet, job } = await embedSlides(context, {
    slides: { studyKey },
    encoderKey: BUNDLED_ENCODER_KEY,
    featureSetKey: "cnn",
    grid: { patchSize: 224, micronsPerPixel: MICRONS_PER_PIXEL, overlap: 0, minTissue: 0, tissue: "NONE" },
    preprocessing: { stainNormalization: "NONE", qualityControl: false },
  });
  for (let state = "QUEUED"; state !== "SUCCEEDED"; ) {
    await new Promise((wake) => setTimeout(wake, 200));
    ({ state } = await app.prisma.job.findUniqueOrThrow({ where: { id: job?.id ?? "" } }));
    if (state.includes("FAILED")) throw new Error("Patches could not be embedded.");
  }
  const grids = await app.prisma.patchGrid.findMany({
    where: { slide: { study: { key: studyKey } } },
    include: { slide: true },
  });
  const classOf = new Map(patches.map((patch) => [patch.key, patch.tissueClass]));
  const precisions: number[] = [];
  for (const grid of grids) {
    const { hits } = await similarPatches(localContext(app), {
      featureSet: encodeId("FeatureSet", studyKey, featureSet.key),
      to: { patch: encodeId("Patch", studyKey, grid.slide.key, gridPart(grid), 0, 0) },
      first: HITS,
      excludeSamePatient: true,
      minRecall: 0.99,
    });
    const own = classOf.get(grid.slide.key);
    const slides = new Map(grids.map((other) => [other.id, other.slide.key]));
    precisions.push(
      averagePrecision(hits.map(({ patch }) => classOf.get(slides.get(gridIdOf(patch.id)) ?? "") === own)),
    );
  }
  return mean(precisions);
};

const BINS = 16;

/** 16 bins a channel, each channel summing to one third. */
const histogramOf = async (file: string): Promise<Float32Array> => {
  const pixels = await sharp(file).removeAlpha().toColourspace("srgb").raw().toBuffer();
  const histogram = new Float32Array(3 * BINS);
  pixels.forEach((value, index) => {
    const bin = (index % 3) * BINS + Math.floor((value * BINS) / 256);
    histogram[bin] = (histogram[bin] ?? 0) + 1 / pixels.length;
  });
  return histogram;
};

const cosine = (a: Float32Array, b: Float32Array): number => {
  let dot = 0;
  let aa = 0;
  let bb = 0;
  a.forEach((value, index) => {
    const other = b[index] as number;
    dot += value * other;
    aa += value * value;
    bb += other * other;
  });
  return dot / Math.sqrt(aa * bb);
};

const measureHistogram = async (patches: readonly Patch[], fileOf: (patch: Patch) => string): Promise<number> => {
  const histograms = await Promise.all(patches.map((patch) => histogramOf(fileOf(patch))));
  const precisions = patches.map((query, index) => {
    const ranked = patches
      .map((patch, other) => ({
        patch,
        similarity: cosine(histograms[index] as Float32Array, histograms[other] as Float32Array),
      }))
      .filter(({ patch }) => patch.sourceGroup !== query.sourceGroup)
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, HITS);
    return averagePrecision(ranked.map(({ patch }) => patch.tissueClass === query.tissueClass));
  });
  return mean(precisions);
};

export const retrieval: Bench = async (report) => {
  if (!existsSync(FOLDER)) {
    report(fact("map_at_10", null, "share", "the LC25000 patches are not on this machine"));
    return;
  }
  const patches = await readLabels();
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const gray = join(folder, "gray");
  await writeGray(patches, gray);
  const app = await createApp(
    readConfig({ ...process.env, HISTOQL_DATA: join(folder, "data"), HISTOQL_LOG: "error" }, { roots: [FOLDER, gray] }),
    { inMemory: true },
  );
  try {
    const note = `${patches.length} patches, own source group left out`;
    const histogram = await measureHistogram(patches, ({ file }) => join(FOLDER, file));
    const colour = await measureStudy(app, "colour", FOLDER, patches);
    report(atLeast("map_at_10", colour, "share", 0.9, note));
    report(fact("map_at_10_histogram", histogram, "share", "48-bin RGB histogram"));
    report(fact("map_at_10_gray", await measureStudy(app, "gray", gray, patches), "share", "gray pictures"));
    report(
      fact(
        "map_at_10_histogram_gray",
        await measureHistogram(patches, ({ key }) => join(gray, `${key}.png`)),
        "share",
        "gray pictures",
      ),
    );
  } finally {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  }
};
