import { randomUUID } from "node:crypto";
import { gridPart } from "../src/modules/patch/patch.service.ts";
import { encodeId } from "../src/platform/ids.ts";
import type { Uniform } from "../src/platform/random.ts";
import type { RunningApp } from "../src/server/app.ts";
import type { Queryable } from "../src/store/database.ts";
import { cellOf, insertPatches, patchId } from "../src/store/patches.ts";
import { appendVectors, createVectorTable, halfvecOid } from "../src/store/vectors.ts";
import { DIMS, dirichlet, drawPatches, type Geometry, geometry, PHENOTYPES, uniformShares } from "./tissueVectors.ts";

/**
 * A generated study: patients and slides that each hold their own mixture of a few phenotypes, in numbers that differ a
 * hundredfold.
 */

const PATCHES_PER_PATIENT = 200;
export const STEP = 224;

export type GeneratedPatient = { id: number; key: string; patches: number; shares: Float64Array };

export type GeneratedSet = {
  studyKey: string;
  studyId: number;
  featureSetKey: string;
  featureSetId: number;
  patients: GeneratedPatient[];
  /** Of each vector: its patch, and where it comes from. */
  patchIds: Float64Array;
  patientOf: Uint32Array;
  slideOf: Uint32Array;
  phenotypeOf: Uint8Array;
  slides: GeneratedSlide[];
  /** Seconds that writing took, without generating. */
  writeSeconds: number;
  /** Patches that were written since. */
  ingested: number;
  /** Further vectors of the same kind, `[patches, dims]`. */
  draw(patches: number): Float16Array<ArrayBuffer>;
};

export type GeneratedSlide = { id: number; key: string; patient: number; gridDigest: string; columns: number };

/** Whole numbers, at least 1, in proportion to the weights. */
const apportion = (total: number, weights: readonly number[]): number[] => {
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const counts = weights.map((weight) => Math.max(1, Math.round((total * weight) / sum)));
  const largest = counts.indexOf(Math.max(...counts));
  counts[largest] = (counts[largest] as number) + total - counts.reduce((all, count) => all + count, 0);
  return counts;
};

type Plan = {
  patients: { key: string; shares: Float64Array; slides: { key: string; shares: Float64Array; patches: number }[] }[];
};

const plan = (vectors: number, { random, normal }: Geometry): Plan => {
  const count = Math.max(20, Math.round(vectors / PATCHES_PER_PATIENT));
  const base = Float64Array.from({ length: PHENOTYPES }, (_, index) => 1.6 / (index + 4));
  const patients = Array.from({ length: count }, (_, index) => {
    const shares = dirichlet(random, normal, base);
    const key = `P${String(index).padStart(6, "0")}`;
    const slides = Array.from({ length: 1 + Math.floor(random() * 3) }, (_unused, place) => ({
      key: `${key}-${place}`,
      shares: dirichlet(
        random,
        normal,
        shares.map((share) => 12 * share),
      ),
      weight: Math.exp(normal()),
    }));
    return { key, shares, slides };
  });
  const counts = apportion(
    vectors,
    patients.flatMap(({ slides }) => slides.map(({ weight }) => weight)),
  );
  let next = 0;
  return {
    patients: patients.map(({ key, shares, slides }) => ({
      key,
      shares,
      slides: slides.map((slide) => ({ key: slide.key, shares: slide.shares, patches: counts[next++] as number })),
    })),
  };
};

const STAGES = ["I", "II", "III", "IV"];

const clinicalOf = (random: Uniform): object => ({
  age: Math.round(30 + random() * 50),
  sex: random() < 0.5 ? "female" : "male",
  stage: STAGES[Math.floor(random() * STAGES.length)],
  idh_status: random() < 0.4 ? "mutant" : "wildtype",
  mgmt_methylated: random() < 0.5,
  karnofsky: 50 + 10 * Math.floor(random() * 6),
  ki67: Number((random() * 60).toFixed(1)),
  site: `site ${Math.floor(random() * 12)}`,
  resection: random() < 0.6 ? "total" : "partial",
  os_days: Math.round(random() * 3000),
});

const insertReturningIds = async (client: Queryable, text: string, values: unknown[]): Promise<number[]> => {
  const { rows } = await client.query<{ id: number; key: string }>(text, values);
  return rows.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ id }) => id);
};

const insertStudy = async ({ database }: RunningApp, study: Plan, random: Uniform, key: string) => {
  const [studyId = 0] = await insertReturningIds(
    database,
    "INSERT INTO study (key, name) VALUES ($1, 'Generated') RETURNING id, key",
    [key],
  );
  const patientIds = await insertReturningIds(
    database,
    "INSERT INTO patient (study_id, key, clinical) SELECT $1, * FROM unnest($2::text[], $3::jsonb[]) RETURNING id, key",
    [
      studyId,
      study.patients.map((patient) => patient.key),
      study.patients.map(() => JSON.stringify(clinicalOf(random))),
    ],
  );
  const slides = study.patients.flatMap((patient, index) =>
    patient.slides.map((slide) => ({ ...slide, patient: index })),
  );
  const slideIds = await insertReturningIds(
    database,
    `INSERT INTO slide (study_id, patient_id, key, stain) SELECT $1, patient, key, 'HE' FROM unnest($2::int[], $3::text[]) AS made (patient, key)
     RETURNING id, key`,
    [studyId, slides.map(({ patient }) => patientIds[patient]), slides.map((slide) => slide.key)],
  );
  const columns = slides.map(({ patches }) => Math.ceil(Math.sqrt(2 * patches)));
  const gridIds = await insertReturningIds(
    database,
    `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
       microns_per_pixel_x, microns_per_pixel_y, columns, rows, step_x, step_y, size_x, size_y, patches, tissue_share, mask_digest)
     SELECT slide, md5(key) || md5('grid' || key), ${STEP}, 0.5, 0, 0.1, 'OTSU', md5(key), 0.5, 0.5, columns, columns + 1, ${STEP}, ${STEP}, ${STEP}, ${STEP},
       patches, 0.5, md5(key) FROM unnest($1::int[], $2::text[], $3::int[], $4::int[]) AS made (slide, key, columns, patches)
     RETURNING id, (SELECT key FROM slide WHERE slide.id = slide_id) AS key`,
    [slideIds, slides.map((slide) => slide.key), columns, slides.map(({ patches }) => patches)],
  );
  const { rows } = await database.query<{ key: string; digest: string }>(
    "SELECT slide.key, digest FROM patch_grid JOIN slide ON slide.id = slide_id WHERE study_id = $1",
    [studyId],
  );
  const digests = new Map(rows.map((row) => [row.key, row.digest]));
  return { studyId, patientIds, slides, slideIds, columns, gridIds, digests };
};

const insertFeatureSet = async ({ database }: RunningApp, studyId: number, key: string): Promise<number> => {
  const [encoderId] = await insertReturningIds(
    database,
    `INSERT INTO encoder (key, name, dims, input_pixels) VALUES ($1, 'Generated', ${DIMS}, 224) RETURNING id, key`,
    [`generated-${randomUUID()}`],
  );
  const [featureSetId = 0] = await insertReturningIds(
    database,
    `INSERT INTO feature_set (study_id, key, encoder_id, patch_size, microns_per_pixel, overlap, min_tissue, tissue, preprocessing, dims, digest)
     VALUES ($1, $2, $3, 224, 0.5, 0, 0.1, 'OTSU', '{}', ${DIMS}, md5($2)) RETURNING id, key`,
    [studyId, key, encoderId],
  );
  await createVectorTable(database, featureSetId, DIMS);
  return featureSetId;
};

/** The global id of the patch of a row. */
export const patchIdOfRow = (set: GeneratedSet, row: number): string => {
  const { key, gridDigest, columns } = set.slides[set.slideOf[row] as number] as GeneratedSlide;
  const cell = cellOf(set.patchIds[row] as number);
  const digest = gridPart({ digest: gridDigest });
  return encodeId("Patch", set.studyKey, key, digest, (cell % columns) * STEP, Math.floor(cell / columns) * STEP);
};

const SLIDES_PER_TRANSACTION = 100;

/** Generates and stores `vectors` vectors of a study with everything that they belong to. */
export const generateSet = async (app: RunningApp, vectors: number, studyKey: string): Promise<GeneratedSet> => {
  const shape = geometry(7);
  const study = plan(vectors, shape);
  const rows = await insertStudy(app, study, shape.random, studyKey);
  const featureSetKey = "features";
  const featureSetId = await insertFeatureSet(app, rows.studyId, featureSetKey);
  const oid = await halfvecOid(app.database);
  const made: GeneratedSet = {
    studyKey,
    studyId: rows.studyId,
    featureSetKey,
    featureSetId,
    patients: study.patients.map(({ key, shares, slides }, index) => ({
      id: rows.patientIds[index] as number,
      key,
      shares,
      patches: slides.reduce((sum, { patches }) => sum + patches, 0),
    })),
    patchIds: new Float64Array(vectors),
    patientOf: new Uint32Array(vectors),
    slideOf: new Uint32Array(vectors),
    phenotypeOf: new Uint8Array(vectors),
    slides: rows.slides.map(({ key, patient }, index) => ({
      id: rows.slideIds[index] as number,
      key,
      patient,
      gridDigest: rows.digests.get(key) as string,
      columns: rows.columns[index] as number,
    })),
    writeSeconds: 0,
    ingested: 0,
    draw: (patches) => drawPatches<Float16Array<ArrayBuffer>>(shape, uniformShares, patches, Float16Array),
  };
  let written = 0;
  for (let from = 0; from < rows.slides.length; from += SLIDES_PER_TRANSACTION) {
    const batches = rows.slides.slice(from, from + SLIDES_PER_TRANSACTION).map((slide, offset) => {
      const index = from + offset;
      const { patches } = slide;
      const cells = Int32Array.from({ length: patches }, (_, place) => 2 * place + (shape.random() < 0.5 ? 1 : 0));
      const halves = drawPatches<Float16Array<ArrayBuffer>>(
        shape,
        slide.shares,
        patches,
        Float16Array,
        (row, phenotype) => {
          made.patchIds[written] = patchId(rows.gridIds[index] as number, cells[row] as number);
          made.patientOf[written] = slide.patient;
          made.slideOf[written] = index;
          made.phenotypeOf[written] = phenotype;
          written++;
        },
      );
      return { index, slide, cells, halves };
    });
    const began = performance.now();
    await app.database.transaction(async (client) => {
      for (const { index, slide, cells, halves } of batches) {
        const gridId = rows.gridIds[index] as number;
        const slideId = rows.slideIds[index] as number;
        const columns = rows.columns[index] as number;
        await insertPatches(client, gridId, {
          cells,
          x: cells.map((cell) => (cell % columns) * STEP),
          y: cells.map((cell) => Math.floor(cell / columns) * STEP),
          tissueShare: new Float32Array(cells.length).fill(1),
        });
        await appendVectors(
          client,
          featureSetId,
          {
            patchIds: Float64Array.from(cells, (cell) => patchId(gridId, cell)),
            slideId,
            patientId: rows.patientIds[slide.patient] as number,
            dims: DIMS,
            halves: new Uint16Array(halves.buffer),
          },
          oid,
        );
        await client.query(
          `INSERT INTO slide_features (feature_set_id, slide_id, grid_id, vectors, checkpoint, is_complete, completed_at)
           VALUES ($1, $2, $3, $4, $4, true, now())`,
          [featureSetId, slideId, gridId, cells.length],
        );
      }
    });
    made.writeSeconds += (performance.now() - began) / 1000;
  }
  return made;
};
