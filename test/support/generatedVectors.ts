import { seededUniform } from "../../src/platform/random.ts";
import type { Database } from "../../src/store/database.ts";
import { patchId } from "../../src/store/patches.ts";
import { appendVectors, createVectorTable, halfvecOid } from "../../src/store/vectors.ts";

/** Generated vectors of a study, as a test needs them: patients with slides of one phenotype more than of others. */
export type VectorSet = {
  studyId: number;
  featureSetId: number;
  dims: number;
  patches: { id: number; slideId: number; patientId: number; vector: Float32Array }[];
};

const PHENOTYPES = 8;
const SOFT_DIRECTIONS = 5;

/** Vectors `[rows, dims]` around a few middles, spread along a few directions, rounded to half precision. */
const phenotypeVectors = (dims: number, seed: number) => {
  const random = seededUniform(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const draw = () => Float64Array.from({ length: dims }, normal);
  const middles = Array.from({ length: PHENOTYPES }, draw);
  const directions = Array.from({ length: SOFT_DIRECTIONS }, draw);
  return (phenotype: number): Float32Array => {
    const vector = Float64Array.from(middles[phenotype] as Float64Array, (value) => 0.6 * value + 0.15 * normal());
    for (const direction of directions) {
      const along = 0.5 * normal();
      for (let index = 0; index < dims; index++)
        vector[index] = (vector[index] as number) + along * (direction[index] as number);
    }
    return Float32Array.from(new Float16Array(vector));
  };
};

const insertId = async (database: Database, text: string, values: unknown[]): Promise<number> => {
  const { rows } = await database.query<{ id: number }>(text, values);
  return (rows[0] as { id: number }).id;
};

/** Adds a slide of so many patches of phenotypes to the set. */
export const addSlide = async (
  database: Database,
  set: VectorSet,
  patient: { id: number; key: string },
  vectors: readonly Float32Array[],
): Promise<number> => {
  const key = `${patient.key}-${set.patches.length}`;
  const slideId = await insertId(
    database,
    "INSERT INTO slide (study_id, patient_id, key) VALUES ($1, $2, $3) RETURNING id",
    [set.studyId, patient.id, key],
  );
  const gridId = await insertId(
    database,
    `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
       microns_per_pixel_x, microns_per_pixel_y, columns, rows, step_x, step_y, size_x, size_y, patches, tissue_share, mask_digest)
     VALUES ($1, 'grid', 224, 0.5, 0, 0.1, 'OTSU', 'none', 0.5, 0.5, 1000, 1000, 224, 224, 224, 224, $2, 1, 'none') RETURNING id`,
    [slideId, vectors.length],
  );
  const ids = vectors.map((_, cell) => patchId(gridId, cell));
  const numbers = new Float16Array(vectors.length * set.dims);
  for (const [row, vector] of vectors.entries()) numbers.set(vector, row * set.dims);
  const oid = await halfvecOid(database);
  await database.transaction(async (client) => {
    const batch = {
      patchIds: ids,
      slideId,
      patientId: patient.id,
      dims: set.dims,
      halves: new Uint16Array(numbers.buffer),
    };
    await appendVectors(client, set.featureSetId, batch, oid);
    await client.query(
      `INSERT INTO slide_features (feature_set_id, slide_id, grid_id, vectors, checkpoint, is_complete, completed_at)
       VALUES ($1, $2, $3, $4, $4, true, now())`,
      [set.featureSetId, slideId, gridId, vectors.length],
    );
  });
  for (const [row, vector] of vectors.entries()) {
    set.patches.push({ id: ids[row] as number, slideId, patientId: patient.id, vector });
  }
  return slideId;
};

/** Stores a study with one feature set of `patients` × 2 slides, `patches` in all. */
export const storeVectorSet = async (
  database: Database,
  { key = "vectors", dims, patients, patches }: { key?: string; dims: number; patients: number; patches: number },
): Promise<VectorSet> => {
  const studyId = await insertId(database, "INSERT INTO study (key, name) VALUES ($1, $1) RETURNING id", [key]);
  const encoderId = await insertId(
    database,
    "INSERT INTO encoder (key, name, dims, input_pixels) VALUES ($1, 'Generated', $2, 224) RETURNING id",
    [`encoder-${key}`, dims],
  );
  const featureSetId = await insertId(
    database,
    `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, digest)
     VALUES ($1, 'features', $2, 224, 0.5, 0, 0.1, 'OTSU', '{}', $3, 'none') RETURNING id`,
    [studyId, encoderId, dims],
  );
  await createVectorTable(database, featureSetId, dims);
  const set: VectorSet = { studyId, featureSetId, dims, patches: [] };
  const draw = phenotypeVectors(dims, 5);
  const random = seededUniform(6);
  for (let number = 0; number < patients; number++) {
    const patient = { id: 0, key: `P-${String(number).padStart(3, "0")}` };
    patient.id = await insertId(database, "INSERT INTO patient (study_id, key) VALUES ($1, $2) RETURNING id", [
      studyId,
      patient.key,
    ]);
    const own = Math.floor(random() * PHENOTYPES);
    for (let slide = 0; slide < 2; slide++) {
      const number = Math.round(patches / patients / 2);
      const vectors = Array.from({ length: number }, () =>
        draw(random() < 0.6 ? own : Math.floor(random() * PHENOTYPES)),
      );
      await addSlide(database, set, patient, vectors);
    }
  }
  return set;
};

/** Cosine distance in double precision. */
export const cosineDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let product = 0;
  let ofA = 0;
  let ofB = 0;
  for (let index = 0; index < a.length; index++) {
    const [x, y] = [a[index] as number, b[index] as number];
    product += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return 1 - product / Math.sqrt(ofA * ofB);
};
