import { encodeId } from "../../src/platform/ids.ts";
import { insertPatches, patchId } from "../../src/store/patches.ts";
import { appendVectors, createVectorTable, halfvecOid } from "../../src/store/vectors.ts";
import type { World } from "./world.ts";

const STEP = 224;

/** Vectors of one slide, `[patches][dims]`; its patches lie in a square. */
export type SlideVectors = { slide: string; vectors: readonly (readonly number[])[] };

const beginSet = async ({ app: { database } }: World, studyKey: string, key: string, dims: number): Promise<number> => {
  const { rows } = await database.query<{ id: number }>(
    `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, digest)
     SELECT study.id, $2, encoder.id, ${STEP}, 0.5, 0, 0.1, 'OTSU', '{}', $3, md5($2) FROM study, encoder
     WHERE study.key = $1 AND encoder.key = 'efficientnet-lite0' RETURNING id`,
    [studyKey, key, dims],
  );
  const { id } = rows[0] as { id: number };
  await createVectorTable(database, id, dims);
  return id;
};

/** Writes the vectors of slides into a feature set, as embedding does, in place of those that they have in it. */
export const storeSlideVectors = async (
  { app: { database } }: World,
  featureSetId: number,
  slides: readonly SlideVectors[],
): Promise<void> => {
  const oid = await halfvecOid(database);
  for (const { slide, vectors } of slides) {
    const columns = Math.ceil(Math.sqrt(vectors.length));
    await database.transaction(async (client) => {
      const { rows } = await client.query<{ id: number; slide_id: number; patient_id: number }>(
        `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
           microns_per_pixel_x, microns_per_pixel_y, columns, rows, step_x, step_y, size_x, size_y, patches, tissue_share, mask_digest)
         SELECT id, md5(random()::text), ${STEP}, 0.5, 0, 0.1, 'OTSU', '', 0.5, 0.5, $2, $2, ${STEP}, ${STEP}, ${STEP}, ${STEP}, $3, 0.5, ''
         FROM slide WHERE key = $1 RETURNING id, slide_id, (SELECT patient_id FROM slide WHERE key = $1)`,
        [slide, columns, vectors.length],
      );
      const grid = rows[0] as { id: number; slide_id: number; patient_id: number };
      const cells = vectors.map((_, cell) => cell);
      await insertPatches(client, grid.id, {
        cells,
        x: cells.map((cell) => (cell % columns) * STEP),
        y: cells.map((cell) => Math.floor(cell / columns) * STEP),
        tissueShare: cells.map(() => 1),
      });
      await client.query(`DELETE FROM features.vectors_${featureSetId} WHERE slide_id = $1`, [grid.slide_id]);
      await appendVectors(
        client,
        featureSetId,
        {
          patchIds: cells.map((cell) => patchId(grid.id, cell)),
          slideId: grid.slide_id,
          patientId: grid.patient_id,
          dims: vectors[0]?.length ?? 0,
          halves: new Uint16Array(Float16Array.from(vectors.flat()).buffer),
        },
        oid,
      );
      await client.query(
        `INSERT INTO slide_features (feature_set_id, slide_id, grid_id, vectors, checkpoint, is_complete, completed_at)
         VALUES ($1, $2, $3, $4, $4, true, now()) ON CONFLICT (feature_set_id, slide_id) DO UPDATE
         SET grid_id = excluded.grid_id, vectors = excluded.vectors, checkpoint = excluded.checkpoint, completed_at = now()`,
        [featureSetId, grid.slide_id, grid.id, vectors.length],
      );
    });
  }
};

/** A feature set with the given vectors of slides that are there; its row's id and its global id. */
export const storeVectorSet = async (
  world: World,
  studyKey: string,
  key: string,
  slides: readonly SlideVectors[],
): Promise<{ id: number; globalId: string }> => {
  const id = await beginSet(world, studyKey, key, slides[0]?.vectors[0]?.length ?? 1);
  await storeSlideVectors(world, id, slides);
  return { id, globalId: encodeId("FeatureSet", studyKey, key) };
};

export type Rows = number[][];

/** Rows of numbers that a half holds exactly, around a centre. */
export const cloud = (normal: () => number, rows: number, centre: readonly number[], spread = 0.5): Rows =>
  Array.from({ length: rows }, () => Array.from(Float16Array.from(centre, (value) => value + spread * normal())));
