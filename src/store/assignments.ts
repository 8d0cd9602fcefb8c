import { float4Array, int4Array, int8Array } from "./binaryArrays.ts";
import type { Queryable } from "./database.ts";

/** The table of a build's assignments. The id is an integer of ours, so it can stand in SQL text. */
export const assignmentTable = (buildId: number): string => {
  if (!Number.isSafeInteger(buildId)) throw new Error("A build id is an integer.");
  return `features.assignments_${buildId}`;
};

export const createAssignmentTable = (client: Queryable, buildId: number) =>
  client.query("SELECT features.create_assignment_table($1::int)", [buildId]);

export const dropAssignmentTable = (client: Queryable, buildId: number) =>
  client.query("SELECT features.drop_assignment_table($1::int)", [buildId]);

/** Patches of one slide; arrays of equal length. */
export type SlideAssignments = {
  slideId: number;
  patchIds: Float64Array;
  /** Numbers of phenotypes. */
  phenotypes: Int32Array;
  /** To the own centroid, in the metric that was clustered by. */
  distances: Float32Array;
};

const ROWS_PER_STATEMENT = 20_000;

/** Writes a slide's assignments over those that it may have. Inside a transaction. */
export const writeAssignments = async (
  client: Queryable,
  buildId: number,
  codebookId: number,
  slide: SlideAssignments,
): Promise<void> => {
  const { slideId, patchIds, phenotypes, distances } = slide;
  const table = assignmentTable(buildId);
  await client.query(`DELETE FROM ${table} WHERE slide_id = $1`, [slideId]);
  for (let from = 0; from < patchIds.length; from += ROWS_PER_STATEMENT) {
    const to = from + ROWS_PER_STATEMENT;
    await client.query(
      `INSERT INTO ${table} (patch_id, codebook_id, slide_id, phenotype, distance)
       SELECT row.patch_id, $4::int, $5::int, row.phenotype, row.distance
       FROM unnest($1::int8[], $2::int4[], $3::float4[]) AS row (patch_id, phenotype, distance)`,
      [
        int8Array(patchIds.subarray(from, to)),
        int4Array(phenotypes.subarray(from, to)),
        float4Array(distances.subarray(from, to)),
        codebookId,
        slideId,
      ],
    );
  }
};

/** Number of each patch's phenotype, in the order asked; null for one that the codebook has not assigned. */
export const readAssigned = async (
  client: Queryable,
  { buildId, codebookId }: { buildId: number; codebookId: number },
  patchIds: readonly number[],
): Promise<(number | null)[]> => {
  const { rows } = await client.query<{ patch_id: number; phenotype: number }>(
    `SELECT patch_id, phenotype FROM ${assignmentTable(buildId)} WHERE patch_id = ANY($1::int8[]) AND codebook_id = $2`,
    [patchIds, codebookId],
  );
  const byId = new Map(rows.map((row) => [row.patch_id, row.phenotype]));
  return patchIds.map((id) => byId.get(id) ?? null);
};

/** Patches of one slide by id, with the number of each one's phenotype. */
export const readSlideAssignments = async (
  client: Queryable,
  buildId: number,
  slideId: number,
): Promise<{ patchIds: number[]; phenotypes: number[] }> => {
  const { rows } = await client.query<{ patch_ids: number[] | null; phenotypes: number[] | null }>(
    `SELECT array_agg(patch_id ORDER BY patch_id) AS patch_ids, array_agg(phenotype::int ORDER BY patch_id) AS phenotypes
     FROM ${assignmentTable(buildId)} WHERE slide_id = $1`,
    [slideId],
  );
  return { patchIds: rows[0]?.patch_ids ?? [], phenotypes: rows[0]?.phenotypes ?? [] };
};

/** So many candidates are looked at for each exemplar, nearest first; enough to find other patients among them. */
const CANDIDATES = 50;

/**
 * The patches nearest to a phenotype's middle, spread over patients: the nearest of each patient, then the second of each.
 * Among the nearest 50 for each one that is asked for, so that a phenotype of a million patches is not sorted.
 */
export const readExemplars = async (
  client: Queryable,
  { buildId, codebookId, index }: { buildId: number; codebookId: number; index: number },
  first: number,
): Promise<number[]> => {
  const { rows } = await client.query<{ patch_id: number }>(
    `WITH nearest AS (
       SELECT patch_id, slide_id, distance FROM ${assignmentTable(buildId)}
       WHERE codebook_id = $1 AND phenotype = $2 ORDER BY distance, patch_id LIMIT $4
     ), ranked AS (
       SELECT nearest.patch_id, nearest.distance,
         row_number() OVER (PARTITION BY slide.patient_id ORDER BY nearest.distance, nearest.patch_id) AS round
       FROM nearest JOIN slide ON slide.id = nearest.slide_id
     )
     SELECT patch_id FROM ranked ORDER BY round, distance, patch_id LIMIT $3`,
    [codebookId, index, first, first * CANDIDATES],
  );
  return rows.map((row) => row.patch_id);
};

/** Of a patient or a slide, one phenotype of a codebook. */
export type PhenotypeOf = { id: number; codebookId: number; index: number };

/** The patch of each that is nearest to the phenotype's middle, in the order asked; null where there is none. */
export const readNearestOf = async (
  client: Queryable,
  buildId: number,
  unit: "patient" | "slide",
  wanted: readonly PhenotypeOf[],
): Promise<({ patchId: number; slideId: number; patientId: number; distance: number } | null)[]> => {
  const { rows } = await client.query<{
    place: number;
    patchId: number;
    slideId: number;
    patientId: number;
    distance: number;
  }>(
    `SELECT wanted.place, near.* FROM unnest($1::int[], $2::int[], $3::int[]) WITH ORDINALITY AS wanted (id, codebook_id, idx, place)
     CROSS JOIN LATERAL (
       SELECT held.patch_id AS "patchId", held.slide_id AS "slideId", slide.patient_id AS "patientId", held.distance
       FROM slide JOIN ${assignmentTable(buildId)} AS held ON held.slide_id = slide.id
       WHERE slide.${unit === "slide" ? "id" : "patient_id"} = wanted.id
         AND held.codebook_id = wanted.codebook_id AND held.phenotype = wanted.idx
       ORDER BY held.distance, held.patch_id LIMIT 1
     ) AS near`,
    [wanted.map(({ id }) => id), wanted.map(({ codebookId }) => codebookId), wanted.map(({ index }) => index)],
  );
  const byPlace = new Map(rows.map(({ place, ...near }) => [Number(place), near]));
  return wanted.map((_, index) => byPlace.get(index + 1) ?? null);
};
