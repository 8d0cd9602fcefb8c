import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp from "sharp";
import { localContext } from "../src/commands/ingest.ts";
import { adjustedRandIndex, completeness, homogeneity, purity } from "../src/learning/index.ts";
import { registerSlides } from "../src/modules/slide/register.service.ts";
import { readConfig } from "../src/platform/config.ts";
import { createApp, type RunningApp } from "../src/server/app.ts";
import { renderCohort } from "../synthetic/index.ts";
import { fact, type Report } from "./figure.ts";
import { embeddedStudy, labelsOf, type Patch, patchesOf, unitVectors } from "./kmeansStudies.ts";

/** Codebooks against classes that are known: the truth maps of the synthetic cohort, and the classes of LC25000. */

const run = promisify(execFile);
const LC25000 = join(import.meta.dirname, "../../shared/data/patches/lc25000");
const PATIENTS = 24;
const SEEDS = [0, 1, 2, 3, 4];
const MICRONS_PER_PIXEL = 0.5;
/** 56 µm: some patches lie within one region, where 112 µm mostly lie across two. */
const PATCH_SIZE = 112;

type Sklearn = { labels: number[]; inertia: number; our_inertia: number };
type Grouping = { ours: Int32Array; theirs: Int32Array | null; inertiaRatio: number | null };

/** Our codebook of one seed and scikit-learn's grouping of the same vectors. */
const groupings = async (
  app: RunningApp,
  python: string | undefined,
  folder: string,
  study: { featureSet: string; patches: readonly Patch[]; clusters: number },
): Promise<Grouping[]> => {
  const { featureSet, patches, clusters } = study;
  const { values, dims } = await unitVectors(app, featureSet, patches);
  const vectors = join(folder, "vectors.f4");
  await writeFile(vectors, values);
  const found: Grouping[] = [];
  for (const seed of SEEDS) {
    const ours = await labelsOf(app, featureSet, patches, { clusters, seed });
    if (python === undefined) {
      found.push({ ours, theirs: null, inertiaRatio: null });
      continue;
    }
    const labels = join(folder, "labels.i4");
    await writeFile(labels, ours);
    const script = join(import.meta.dirname, "kmeans_labels_sklearn.py");
    const args = [script, vectors, labels, patches.length, dims, clusters, seed].map(String);
    const { stdout } = await run(python, args, { maxBuffer: 2 ** 28 });
    const sklearn = JSON.parse(stdout) as Sklearn;
    const inertiaRatio = sklearn.our_inertia / sklearn.inertia;
    found.push({ ours, theirs: Int32Array.from(sklearn.labels), inertiaRatio });
  }
  return found;
};

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

type Score = (truth: Int32Array, labels: Int32Array) => number;

/** A score of ours and of scikit-learn's, each the mean over the seeds. */
const reportBoth = (
  report: Report,
  name: string,
  score: Score,
  truth: Int32Array,
  found: readonly Grouping[],
  note: string,
) => {
  report(fact(name, mean(found.map(({ ours }) => score(truth, ours))), "score", note));
  const theirs = found.flatMap(({ theirs: labels }) => (labels ? [score(truth, labels)] : []));
  report(fact(`${name}_sklearn`, theirs.length > 0 ? mean(theirs) : null, "score", note));
};

const reportInertia = (report: Report, name: string, found: readonly Grouping[]) => {
  const ratios = found.flatMap(({ inertiaRatio }) => inertiaRatio ?? []);
  report(fact(name, ratios.length > 0 ? mean(ratios) : null, "ratio", "mean of the seeds, by one definition"));
};

const CELL_PIXELS = 8;

/** The class that most of a patch is of, by its slide's truth map: one grey value per 8 × 8 pixels. */
const truthOf = async (folder: string, patches: readonly Patch[]): Promise<Int32Array> => {
  const truth = new Int32Array(patches.length);
  let held: { key: string; data: Buffer; width: number } | undefined;
  for (const [row, { slideKey, x, y, size }] of patches.entries()) {
    if (held?.key !== slideKey) {
      const { data, info } = await sharp(join(folder, "truth", `${slideKey}.png`))
        .extractChannel(0)
        .raw()
        .toBuffer({ resolveWithObject: true });
      held = { key: slideKey, data, width: info.width };
    }
    const counts = new Map<number, number>();
    const to = (edge: number) => Math.min(held?.width ?? 0, Math.ceil((edge + size) / CELL_PIXELS));
    for (let cellY = Math.floor(y / CELL_PIXELS); cellY < to(y); cellY++) {
      for (let cellX = Math.floor(x / CELL_PIXELS); cellX < to(x); cellX++) {
        const value = held.data[cellY * held.width + cellX] ?? 0;
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
    }
    truth[row] = [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? 0;
  }
  return truth;
};

const synthetic = async (
  app: RunningApp,
  report: Report,
  python: string | undefined,
  folder: string,
  patients: number,
) => {
  const cohort = join(folder, "cohort");
  await renderCohort({ folder: cohort, patients, seed: 1 });
  const featureSet = await embeddedStudy(
    app,
    "synthetic",
    { patchSize: PATCH_SIZE, micronsPerPixel: MICRONS_PER_PIXEL, minTissue: 0.5, tissue: "OTSU" },
    () =>
      registerSlides(localContext(app), {
        studyKey: "synthetic",
        paths: [join(cohort, "slides")],
        patientPattern: "^(?<patient>SYN-[0-9]+)",
        stain: "IHC",
      }),
  );
  const patches = await patchesOf(app, "synthetic");
  const truth = await truthOf(cohort, patches);
  const clusters = new Set(truth).size;
  const found = await groupings(app, python, folder, { featureSet, patches, clusters });
  const note = `${patients} patients, ${patches.length} patches of ${PATCH_SIZE * MICRONS_PER_PIXEL} µm, K = ${clusters}, mean of ${SEEDS.length} seeds`;
  reportBoth(report, "ari_synthetic", adjustedRandIndex, truth, found, note);
  reportBoth(report, "homogeneity_synthetic", homogeneity, truth, found, note);
  reportBoth(report, "completeness_synthetic", completeness, truth, found, note);
  reportInertia(report, "inertia_synthetic_vs_sklearn", found);
};

const lc25000 = async (app: RunningApp, report: Report, python: string | undefined, folder: string) => {
  if (!existsSync(LC25000)) {
    for (const clusters of [3, 16]) {
      report(fact(`purity_lc25000_k${clusters}`, null, "score", "needs the LC25000 patches in ../shared/data"));
    }
    return;
  }
  const [header = "", ...lines] = (await readFile(join(LC25000, "labels.csv"), "utf8")).trim().split(/\r?\n/);
  const columns = header.split(",");
  const classes = new Map(
    lines.map((line) => {
      const cells = line.split(",");
      const file = cells[columns.indexOf("file")] ?? "";
      return [(file.split("/").at(-1) ?? "").replace(/\.[^.]+$/, ""), cells[columns.indexOf("tissue_class")] ?? ""];
    }),
  );
  const featureSet = await embeddedStudy(
    app,
    "lc25000",
    { patchSize: 224, micronsPerPixel: MICRONS_PER_PIXEL, minTissue: 0, tissue: "NONE" },
    async () => {
      await registerSlides(localContext(app), { studyKey: "lc25000", paths: [LC25000], stain: "HE" });
      await app.database.query(
        `UPDATE slide_image SET microns_per_pixel_x = $1, microns_per_pixel_y = $1, resolution_source = 'USER'
         FROM slide JOIN study ON study.id = slide.study_id WHERE slide.id = slide_image.slide_id AND study.key = 'lc25000'`,
        [MICRONS_PER_PIXEL],
      );
    },
  );
  const patches = await patchesOf(app, "lc25000");
  const names = [...new Set(classes.values())].sort();
  const truth = Int32Array.from(patches, ({ slideKey }) => names.indexOf(classes.get(slideKey) ?? ""));
  for (const clusters of [names.length, 16]) {
    const found = await groupings(app, python, folder, { featureSet, patches, clusters });
    const note = `${patches.length} patches of ${names.length} classes, mean of ${SEEDS.length} seeds`;
    reportBoth(report, `purity_lc25000_k${clusters}`, purity, truth, found, note);
  }
};

/**
 * @param python one that has scikit-learn; without it only our figures are reported
 * @param patients of the synthetic cohort; 24 take about two minutes on two cores, 240 about twenty
 */
export const kmeansSynthetic = async (
  report: Report,
  python: string | undefined,
  patients = PATIENTS,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-bench-"));
  const config = readConfig(
    { HISTOQL_DATA: join(folder, "data"), HISTOQL_PROVIDERS: "cpu", HISTOQL_LOG: "silent" },
    { roots: [folder, ...(existsSync(LC25000) ? [LC25000] : [])] },
  );
  const app = await createApp(config, { inMemory: true });
  try {
    await synthetic(app, report, python, folder, patients);
    await lc25000(app, report, python, folder);
  } finally {
    await app.close();
    await rm(folder, { recursive: true, force: true });
  }
};
