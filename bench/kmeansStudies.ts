import { localContext } from "../src/commands/ingest.ts";
import { BUNDLED_ENCODER_KEY } from "../src/inference/bundled-encoder.ts";
import { embedSlides } from "../src/modules/featureSet/featureSet.service.ts";
import { buildCodebook } from "../src/modules/phenotype/codebook.service.ts";
import { createStudy } from "../src/modules/study/study.service.ts";
import { encodeId, requireId } from "../src/platform/ids.ts";
import type { RunningApp } from "../src/server/app.ts";
import { assignmentTable } from "../src/store/assignments.ts";
import { readHalves } from "../src/store/codebookVectors.ts";
import { MAX_CELLS } from "../src/store/patches.ts";

/** Studies whose patches have a known class, embedded and grouped through the product's own jobs. */

export const finished = async (app: RunningApp, jobId: string): Promise<void> => {
  for (;;) {
    const { state } = await app.prisma.job.findUniqueOrThrow({ where: { id: jobId } });
    if (state === "SUCCEEDED") return;
    if (state.includes("FAILED") || state === "CANCELLED") throw new Error(`A job ended as ${state}.`);
    await new Promise((wake) => setTimeout(wake, 100));
  }
};

type Grid = { patchSize: number; micronsPerPixel: number; minTissue: number; tissue: "OTSU" | "NONE" };

/** Opens a study, lets `register` fill it with slides and embeds them; the id of the feature set. */
export const embeddedStudy = async (
  app: RunningApp,
  studyKey: string,
  grid: Grid,
  register: () => Promise<unknown>,
): Promise<string> => {
  const context = localContext(app);
  await createStudy(context, { key: studyKey, name: studyKey });
  await register();
  const { featureSet, job } = await embedSlides(context, {
    slides: { studyKey },
    encoderKey: BUNDLED_ENCODER_KEY,
    featureSetKey: "cnn",
    grid: { ...grid, overlap: 0 },
    preprocessing: { stainNormalization: "NONE", qualityControl: false },
  });
  if (job) await finished(app, job.id);
  return encodeId("FeatureSet", studyKey, featureSet.key);
};

export type Patch = { id: number; slideKey: string; x: number; y: number; size: number };

/** Every patch of a study, by slide and place. */
export const patchesOf = async (app: RunningApp, studyKey: string): Promise<Patch[]> => {
  const { rows } = await app.database.query<Patch>(
    `SELECT patch.id, slide.key AS "slideKey", patch.x, patch.y, grid.size_x AS size
     FROM features.patch JOIN patch_grid AS grid ON grid.id = patch.id / ${MAX_CELLS}
     JOIN slide ON slide.id = grid.slide_id JOIN study ON study.id = slide.study_id
     WHERE study.key = $1 ORDER BY slide.key, patch.id`,
    [studyKey],
  );
  return rows;
};

const ROWS_PER_READ = 4096;

/** Vectors of patches at unit length, `[patches, dims]`. */
export const unitVectors = async (app: RunningApp, featureSet: string, patches: readonly Patch[]) => {
  const [study, key] = requireId("FeatureSet", featureSet).map(String);
  const { id, dims } = await app.prisma.featureSet.findFirstOrThrow({
    where: { key: key ?? "", study: { key: study ?? "" } },
  });
  const values = new Float32Array(patches.length * dims);
  for (let from = 0; from < patches.length; from += ROWS_PER_READ) {
    const ids = Float64Array.from(patches.slice(from, from + ROWS_PER_READ), (patch) => patch.id);
    const halves = await readHalves(app.database, id, ids, dims);
    if (!halves) throw new Error("A patch has no vector.");
    const rows = Float32Array.from(new Float16Array(halves.buffer as ArrayBuffer));
    for (let row = 0; row < ids.length; row++) {
      const vector = rows.subarray(row * dims, (row + 1) * dims);
      const length = Math.hypot(...vector);
      values.set(
        vector.map((value) => value / length),
        (from + row) * dims,
      );
    }
  }
  return { values, dims };
};

/** The phenotype of each patch, in a codebook that is built through the job. */
export const labelsOf = async (
  app: RunningApp,
  featureSet: string,
  patches: readonly Patch[],
  { clusters, seed }: { clusters: number; seed: number },
): Promise<Int32Array> => {
  const job = await buildCodebook(localContext(app), {
    featureSet,
    scope: "STUDY",
    clusters,
    seed,
    whiten: false,
    allowMixedStains: false,
  });
  await finished(app, job.id);
  const { rows } = await app.database.query<{ patch_id: number; phenotype: number }>(
    `SELECT patch_id, phenotype FROM ${assignmentTable(Number(job.resultId))}`,
  );
  const byPatch = new Map(rows.map(({ patch_id, phenotype }) => [patch_id, phenotype]));
  return Int32Array.from(patches, ({ id }) => byPatch.get(id) ?? -1);
};
