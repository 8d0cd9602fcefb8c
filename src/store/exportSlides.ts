import type { Queryable } from "./database.ts";

/** A slide of an export, with what its rows have in common. */
export type ExportSlide = {
  slideId: number;
  key: string;
  patientKey: string;
  gridId: number;
  gridDigest: string;
  /** Vectors that it has. */
  patches: number;
  isComplete: boolean;
  /** Another one whenever its vectors are. */
  version: string;
  /** Edge of a patch, in level-0 pixels. */
  size: number;
  /** How its patches lie in rows and columns; null where they lie as a file says. Steps in level-0 pixels. */
  lattice: { columns: number; stepX: number; stepY: number } | null;
  /** Of level 0, along x. */
  micronsPerPixel: number;
  /** The chosen clinical values; null where one is missing. */
  values: unknown[];
};

/** Which slides of a feature set; what is left out chooses all. */
export type SlideChoice = {
  slideIds?: readonly number[] | undefined;
  patientIds?: readonly number[] | undefined;
  gridIds?: readonly number[] | undefined;
};

export type ClinicalColumn = { key: string; level: "PATIENT" | "SLIDE" };

/** Slides with vectors by the ids of their grids, which is the order of the ids of their patches. */
export const readExportSlides = async (
  client: Queryable,
  featureSetId: number,
  { slideIds, patientIds, gridIds }: SlideChoice,
  columns: readonly ClinicalColumn[] = [],
): Promise<ExportSlide[]> => {
  const { rows } = await client.query<ExportSlide>(
    `SELECT slide.id AS "slideId", slide.key, patient.key AS "patientKey", grid.id AS "gridId", grid.digest AS "gridDigest",
       features.vectors AS patches, features.is_complete AS "isComplete", grid.size_x AS size,
       CASE WHEN grid.step_x IS NOT NULL AND grid.step_y IS NOT NULL
         THEN jsonb_build_object('columns', grid.columns, 'stepX', grid.step_x, 'stepY', grid.step_y) END AS lattice,
       concat_ws(' ', extract(epoch FROM features.completed_at), features.vectors_digest) AS version,
       grid.microns_per_pixel_x AS "micronsPerPixel",
       coalesce((SELECT jsonb_agg(CASE WHEN asked.level = 'PATIENT' THEN patient.clinical ELSE slide.clinical END -> asked.key ORDER BY asked.place)
         FROM unnest($5::text[], $6::text[]) WITH ORDINALITY AS asked (key, level, place)), '[]') AS values
     FROM slide_features AS features
     JOIN slide ON slide.id = features.slide_id
     JOIN patient ON patient.id = slide.patient_id
     JOIN patch_grid AS grid ON grid.id = features.grid_id
     WHERE features.feature_set_id = $1 AND features.vectors > 0
       AND ($2::int[] IS NULL OR features.slide_id = ANY($2)) AND ($3::int[] IS NULL OR slide.patient_id = ANY($3))
       AND ($4::int[] IS NULL OR features.grid_id = ANY($4))
     ORDER BY grid.id`,
    [
      featureSetId,
      slideIds ?? null,
      patientIds ?? null,
      gridIds ?? null,
      columns.map(({ key }) => key),
      columns.map(({ level }) => level),
    ],
  );
  return rows;
};
