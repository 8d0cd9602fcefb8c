import type { Queryable } from "./database.ts";
import type { SlideImage } from "./generated/client.ts";
import { createVectorTable, deleteSlideVectors } from "./vectors.ts";

/** What imported features lead to: encoders and feature sets by name, slides without images, grids as files say. */

export type NamedEncoder = { id: number; dims: number };

/** The encoder of a key; one that is not there becomes known by its name. */
export const ensureNamedEncoder = async (
  client: Queryable,
  encoder: { key: string; dims: number; inputPixels: number; micronsPerPixel: number },
): Promise<NamedEncoder> => {
  const { key, dims, inputPixels, micronsPerPixel } = encoder;
  await client.query(
    `INSERT INTO encoder (key, name, dims, input_pixels, microns_per_pixel) VALUES ($1, $1, $2, $3, $4)
     ON CONFLICT (key) DO NOTHING`,
    [key, dims, inputPixels, micronsPerPixel],
  );
  const { rows } = await client.query<NamedEncoder>("SELECT id, dims FROM encoder WHERE key = $1", [key]);
  return rows[0] as NamedEncoder;
};

export type DeclaredSet = {
  studyId: number;
  key: string;
  encoderId: number;
  level: "PATCH" | "SLIDE" | "PATIENT";
  patchSize: number;
  micronsPerPixel: number;
  overlap: number;
  dims: number;
  digest: string;
  software: object;
};

export type StoredSet = {
  id: number;
  trust: "VERIFIED" | "DECLARED";
  digest: string;
  dims: number;
  patchSize: number;
  micronsPerPixel: number;
  overlap: number;
};

/** The feature set of a key, made as declared when there is none; whoever makes the same at this time is waited for. */
export const ensureDeclaredSet = async (client: Queryable, set: DeclaredSet): Promise<StoredSet> => {
  const { rows: made } = await client.query<{ id: number }>(
    `INSERT INTO feature_set (study_id, key, encoder_id, level, patch_size, microns_per_pixel, overlap, min_tissue, tissue,
       preprocessing, dims, digest, trust, software)
     VALUES ($1, $2, $3, $4::feature_level, $5, $6, $7, 0, 'NONE', '{}', $8, $9, 'DECLARED', $10)
     ON CONFLICT (study_id, key) DO NOTHING RETURNING id`,
    [
      set.studyId,
      set.key,
      set.encoderId,
      set.level,
      set.patchSize,
      set.micronsPerPixel,
      set.overlap,
      set.dims,
      set.digest,
      set.software,
    ],
  );
  if (made[0]) await createVectorTable(client, made[0].id, set.dims);
  const { rows } = await client.query<StoredSet>(
    `SELECT id, trust, digest, dims, patch_size AS "patchSize", microns_per_pixel AS "micronsPerPixel", overlap
     FROM feature_set WHERE study_id = $1 AND key = $2`,
    [set.studyId, set.key],
  );
  return rows[0] as StoredSet;
};

export type KnownSlide = {
  id: number;
  patientId: number;
  patientKey: string;
  image: Pick<SlideImage, "checksum" | "widthPixels" | "heightPixels" | "micronsPerPixelX" | "micronsPerPixelY"> | null;
};

/** A slide with its patient and image; null when the study has none of this key. */
export const findKnownSlide = async (client: Queryable, studyId: number, key: string): Promise<KnownSlide | null> => {
  const { rows } = await client.query<KnownSlide>(
    `SELECT slide.id, slide.patient_id AS "patientId", patient.key AS "patientKey",
       CASE WHEN image.slide_id IS NOT NULL THEN json_build_object('checksum', image.checksum,
         'widthPixels', image.width_pixels, 'heightPixels', image.height_pixels,
         'micronsPerPixelX', image.microns_per_pixel_x, 'micronsPerPixelY', image.microns_per_pixel_y) END AS image
     FROM slide JOIN patient ON patient.id = slide.patient_id LEFT JOIN slide_image AS image ON image.slide_id = slide.id
     WHERE slide.study_id = $1 AND slide.key = $2`,
    [studyId, key],
  );
  return rows[0] ?? null;
};

/** Makes a slide and, where there is none, its patient; what somebody else has made meanwhile stays. */
export const insertSlide = async (
  client: Queryable,
  slide: { studyId: number; key: string; patientKey: string; stain: string },
): Promise<void> => {
  await client.query("INSERT INTO patient (study_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    slide.studyId,
    slide.patientKey,
  ]);
  await client.query(
    `INSERT INTO slide (study_id, patient_id, key, stain)
     SELECT $1, id, $3, $4::stain FROM patient WHERE study_id = $1 AND key = $2 ON CONFLICT DO NOTHING`,
    [slide.studyId, slide.patientKey, slide.key, slide.stain],
  );
};

export type DeclaredGrid = {
  slideId: number;
  digest: string;
  patchSize: number;
  micronsPerPixel: number;
  overlap: number;
  /** Of the slide's image; "" where there is none. */
  slideChecksum: string;
  slideMicronsX: number;
  slideMicronsY: number;
  sizePixels: number;
  patches: number;
  tissueShare: number;
  declared: object;
  software: object;
};

/**
 * The grid of a slide with just these places. One that is there learns of an image that has come since.
 * @returns whether it is new, so that its patches are to be written
 */
export const ensureDeclaredGrid = async (
  client: Queryable,
  grid: DeclaredGrid,
): Promise<{ id: number; isNew: boolean }> => {
  const { rows } = await client.query<{ id: number; isNew: boolean }>(
    `INSERT INTO patch_grid (slide_id, digest, patch_size, microns_per_pixel, overlap, min_tissue, tissue, slide_checksum,
       microns_per_pixel_x, microns_per_pixel_y, columns, rows, size_x, size_y, patches, tissue_share, trust, declared, software)
     VALUES ($1, $2, $3, $4, $5, 0, 'NONE', $6, $7, $8, $10, 1, $9, $9, $10, $11, 'DECLARED', $12, $13)
     ON CONFLICT (slide_id, digest) DO UPDATE SET slide_checksum = excluded.slide_checksum,
       microns_per_pixel_x = excluded.microns_per_pixel_x, microns_per_pixel_y = excluded.microns_per_pixel_y,
       size_x = excluded.size_x, size_y = excluded.size_y, tissue_share = excluded.tissue_share, declared = excluded.declared
     RETURNING id, xmax = 0 AS "isNew"`,
    [
      grid.slideId,
      grid.digest,
      grid.patchSize,
      grid.micronsPerPixel,
      grid.overlap,
      grid.slideChecksum,
      grid.slideMicronsX,
      grid.slideMicronsY,
      grid.sizePixels,
      grid.patches,
      grid.tissueShare,
      grid.declared,
      grid.software,
    ],
  );
  return rows[0] as { id: number; isNew: boolean };
};

/** The checksum of the image that a grid was linked to; null when there is no grid, or it knows of no image. */
export const readGridChecksum = async (client: Queryable, slideId: number, digest: string): Promise<string | null> => {
  const { rows } = await client.query<{ checksum: string }>(
    "SELECT slide_checksum AS checksum FROM patch_grid WHERE slide_id = $1 AND digest = $2",
    [slideId, digest],
  );
  return rows[0]?.checksum || null;
};

/**
 * Locks a slide's place in a feature set until the transaction ends, and makes it where there is none: whoever takes in the same
 * slide, of whatever grid, is waited for, and what he wrote is seen.
 */
export const lockImportedSlide = async (
  client: Queryable,
  { featureSetId, slideId, gridId }: { featureSetId: number; slideId: number; gridId: number },
): Promise<void> => {
  await client.query(
    "INSERT INTO slide_features (feature_set_id, slide_id, grid_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    [featureSetId, slideId, gridId],
  );
  await client.query("SELECT FROM slide_features WHERE feature_set_id = $1 AND slide_id = $2 FOR UPDATE", [
    featureSetId,
    slideId,
  ]);
};

/** The digest of the vectors that a slide has of a grid; null while it has none, not all, or those of another grid. */
export const readVectorsDigest = async (
  client: Queryable,
  place: { featureSetId: number; slideId: number; gridId: number },
): Promise<string | null> => {
  const { rows } = await client.query<{ digest: string | null }>(
    `SELECT vectors_digest AS digest FROM slide_features
     WHERE feature_set_id = $1 AND slide_id = $2 AND grid_id = $3 AND is_complete`,
    [place.featureSetId, place.slideId, place.gridId],
  );
  return rows[0]?.digest ?? null;
};

/** Whether what a slide has in a feature set was written since the import began of which a job is a part. */
export const isOfThisImport = async (
  client: Queryable,
  { featureSetId, slideId }: { featureSetId: number; slideId: number },
  jobId: string,
): Promise<boolean> => {
  const { rows } = await client.query<{ isNew: boolean }>(
    `SELECT EXISTS (SELECT FROM slide_features AS made, job AS part JOIN job AS whole ON whole.id = part.parent_id
       WHERE part.id = $3 AND made.feature_set_id = $1 AND made.slide_id = $2 AND made.is_complete
         AND made.completed_at >= whole.created_at) AS "isNew"`,
    [featureSetId, slideId, jobId],
  );
  return rows[0]?.isNew ?? false;
};

/** Takes away what a slide has in a feature set. Its place is locked. */
export const beginImportedSlide = async (
  client: Queryable,
  { featureSetId, slideId, gridId }: { featureSetId: number; slideId: number; gridId: number },
): Promise<void> => {
  await client.query(
    "UPDATE slide_features SET grid_id = $3, is_complete = false WHERE feature_set_id = $1 AND slide_id = $2",
    [featureSetId, slideId, gridId],
  );
  await deleteSlideVectors(client, featureSetId, slideId);
};

/** Says that a slide has all of its vectors, in the transaction that wrote them. */
export const completeImportedSlide = (
  client: Queryable,
  place: { featureSetId: number; slideId: number; vectors: number; digest: string },
) =>
  client.query(
    `UPDATE slide_features SET checkpoint = $3, vectors = $3, is_complete = true, completed_at = now(), provider = NULL,
       vectors_digest = $4 WHERE feature_set_id = $1 AND slide_id = $2`,
    [place.featureSetId, place.slideId, place.vectors, place.digest],
  );

/** Slides of a feature set that have all of their vectors. */
export const readCompleteSlides = async (client: Queryable, featureSetId: number): Promise<number[]> => {
  const { rows } = await client.query<{ slide_id: number }>(
    "SELECT slide_id FROM slide_features WHERE feature_set_id = $1 AND is_complete AND vectors > 0 ORDER BY slide_id",
    [featureSetId],
  );
  return rows.map(({ slide_id }) => slide_id);
};
