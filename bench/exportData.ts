import type { RunningApp } from "../src/server/app.ts";
import { copyVectors } from "../src/store/copyVectors.ts";
import type { Queryable } from "../src/store/database.ts";
import { insertPatches, patchId } from "../src/store/patches.ts";
import { createVectorTable, halfvecOid, type VectorBatch, vectorTable } from "../src/store/vectors.ts";

/** A study whose slides are as large as slides are, with vectors as incompressible as vectors are. */

const PATCHES_PER_SLIDE = 2500;
const COLUMNS = 100;
const STEP = 224;

export type ExportStudy = { studyKey: string; featureSetKey: string; featureSetId: number };

const one = async (client: Queryable, statement: string, values: readonly unknown[]): Promise<number> => {
  const { rows } = await client.query<{ id: number }>(statement, values);
  return (rows[0] as { id: number }).id;
};

/** Halves that are finite, by a linear congruential generator (Numerical Recipes, 1992). */
const drawHalves = (numbers: number, seed: number): Uint16Array => {
  let state = seed;
  return Uint16Array.from({ length: numbers }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // Sign and mantissa at random, exponents around that of 1.
    return ((state >>> 16) & 0x83ff) | (((state >>> 8) & 0x3) << 10) | 0x3000;
  });
};

type Slide = { slideId: number; patientId: number; gridId: number; patches: number };

const storeSlide = async (client: Queryable, studyId: number, number: number, patches: number): Promise<Slide> => {
  const key = `S${String(number).padStart(5, "0")}`;
  const patientId = await one(
    client,
    `INSERT INTO patient (study_id, key, clinical) VALUES ($1, $2, '{"age": 61, "grade": "IV"}') RETURNING id`,
    [studyId, `P-${key}`],
  );
  const slideId = await one(client, "INSERT INTO slide (study_id, patient_id, key) VALUES ($1, $2, $3) RETURNING id", [
    studyId,
    patientId,
    key,
  ]);
  const gridId = await one(
    client,
    `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
       microns_per_pixel_x, microns_per_pixel_y, columns, rows, step_x, step_y, size_x, size_y, patches, tissue_share, mask_digest)
     VALUES ($1, md5(random()::text), 224, 0.5, 0, 0.1, 'OTSU', '', 0.25, 0.25, $2, $3, ${STEP}, ${STEP}, ${STEP}, ${STEP}, $4, 0.5, '')
     RETURNING id`,
    [slideId, COLUMNS, Math.ceil(patches / COLUMNS), patches],
  );
  const cells = Int32Array.from({ length: patches }, (_, cell) => cell);
  await insertPatches(client, gridId, {
    cells,
    x: cells.map((cell) => (cell % COLUMNS) * STEP),
    y: cells.map((cell) => Math.floor(cell / COLUMNS) * STEP),
    tissueShare: new Float32Array(patches).fill(1),
  });
  return { slideId, patientId, gridId, patches };
};

/** Stores `rows` vectors of `dims` numbers, embedded completely. */
export const storeExportStudy = async (app: RunningApp, rows: number, dims: number): Promise<ExportStudy> => {
  const { database } = app;
  const [studyKey, featureSetKey] = ["bench", "features"];
  const oid = await halfvecOid(database);
  const halves = drawHalves(PATCHES_PER_SLIDE * dims, 7);
  const featureSetId = await database.transaction(async (client) => {
    const studyId = await one(client, "INSERT INTO study (key, name) VALUES ($1, 'Bench') RETURNING id", [studyKey]);
    await client.query(
      "INSERT INTO attribute (study_id, key, type, level) VALUES ($1, 'age', 'NUMBER', 'PATIENT'), ($1, 'grade', 'CATEGORY', 'PATIENT')",
      [studyId],
    );
    const encoderId = await one(
      client,
      "INSERT INTO encoder (key, name, dims, input_pixels) VALUES ('bench', 'Bench', $1, 224) RETURNING id",
      [dims],
    );
    const id = await one(
      client,
      `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, digest)
       VALUES ($1, $2, $3, 224, 0.5, 0, 0.1, 'OTSU', '{}', $4, md5('bench')) RETURNING id`,
      [studyId, featureSetKey, encoderId, dims],
    );
    await createVectorTable(client, id, dims);
    const slides: Slide[] = [];
    for (let from = 0; from < rows; from += PATCHES_PER_SLIDE) {
      slides.push(await storeSlide(client, studyId, slides.length, Math.min(PATCHES_PER_SLIDE, rows - from)));
    }
    const batches = slides.map(
      ({ gridId, slideId, patientId, patches }): VectorBatch => ({
        patchIds: Float64Array.from({ length: patches }, (_, cell) => patchId(gridId, cell)),
        slideId,
        patientId,
        dims,
        halves: halves.subarray(0, patches * dims),
      }),
    );
    await copyVectors(database, client, id, batches, oid);
    await client.query(
      `INSERT INTO slide_features (feature_set_id, slide_id, grid_id, vectors, checkpoint, is_complete, completed_at)
       SELECT $1, slide_id, id, patches, patches, true, now() FROM patch_grid`,
      [id],
    );
    return id;
  });
  await database.query(`VACUUM (ANALYZE) ${vectorTable(featureSetId)}, features.patch`);
  await database.query("ANALYZE");
  return { studyKey, featureSetKey, featureSetId };
};
