import type { Queryable } from "./database.ts";
import type { FeatureSet, PatchGrid, Patient, Slide, Study } from "./generated/client.ts";
import { gridIdOf, type PatchRow } from "./patches.ts";

/** What a similarity search is about: one feature set and, where the query is a patch, that patch's slide and grid. */
export type SearchTarget = {
  study: Study;
  featureSet: FeatureSet;
  /** Null when there is no such slide, or none was asked for. */
  slide: Slide | null;
  /** Null when the slide has no such grid. */
  grid: PatchGrid | null;
};

/** Columns under the names of their fields, as one value, so that several rows travel in one statement. */
const STUDY = `'id', id, 'key', key, 'name', name, 'description', description, 'createdAt', created_at`;
const FEATURE_SET = `'id', id, 'studyId', study_id, 'key', key, 'encoderId', encoder_id, 'level', level, 'patchSize', patch_size,
  'micronsPerPixel', microns_per_pixel, 'overlap', overlap, 'minTissue', min_tissue, 'tissue', tissue,
  'preprocessing', preprocessing, 'dims', dims, 'digest', digest, 'trust', trust, 'software', software, 'createdAt', created_at`;
const SLIDE = `'id', id, 'studyId', study_id, 'patientId', patient_id, 'key', key, 'specimen', specimen, 'stain', stain,
  'clinical', clinical, 'createdAt', created_at`;
const PATIENT = `'id', id, 'studyId', study_id, 'key', key, 'clinical', clinical, 'survival', survival, 'createdAt', created_at`;
const GRID = `'id', id, 'slideId', slide_id, 'digest', digest, 'patchSize', patch_size, 'micronsPerPixel', microns_per_pixel,
  'overlap', overlap, 'minTissue', min_tissue, 'tissue', tissue, 'slideChecksum', slide_checksum,
  'micronsPerPixelX', microns_per_pixel_x, 'micronsPerPixelY', microns_per_pixel_y, 'columns', columns, 'rows', rows,
  'stepX', step_x, 'stepY', step_y, 'sizeX', size_x, 'sizeY', size_y, 'patches', patches, 'tissueShare', tissue_share,
  'maskDigest', mask_digest, 'trust', trust, 'declared', declared, 'software', software, 'createdAt', created_at`;
const PATCH = `'id', id, 'x', x, 'y', y, 'tissueShare', tissue_share, 'measurements', coalesce(measurements, '{}')`;

const row = (fields: string, from: string): string => `(SELECT json_build_object(${fields}) FROM ${from})`;
const rows = (fields: string, from: string): string =>
  `(SELECT coalesce(json_agg(json_build_object(${fields})), '[]') FROM ${from})`;

/** JSON has no instants: they come as ISO 8601. */
type Sent<Row> = Omit<Row, "createdAt"> & { createdAt: string };

const received = <Row>(sent: Sent<Row>): Row => ({ ...sent, createdAt: new Date(sent.createdAt) }) as Row;

/**
 * Study, feature set, slide and grid by their natural keys, in one statement.
 * @param gridDigest the beginning of the grid's digest, as it stands in ids
 * @returns null when there is no such feature set
 */
export const readSearchTarget = async (
  client: Queryable,
  keys: { study: string; featureSet: string; slide?: string; gridDigest?: string },
): Promise<SearchTarget | null> => {
  const { study, featureSet, slide, gridDigest } = keys;
  const ofStudy = "study_id = (SELECT id FROM study WHERE key = $1)";
  const columns = [
    `${row(STUDY, "study WHERE key = $1")} AS study`,
    `${row(FEATURE_SET, `feature_set WHERE ${ofStudy} AND key = $2`)} AS "featureSet"`,
  ];
  const values: unknown[] = [study, featureSet];
  if (slide !== undefined && gridDigest !== undefined) {
    values.push(slide, gridDigest);
    columns.push(
      `${row(SLIDE, `slide WHERE ${ofStudy} AND key = $3`)} AS slide`,
      `${row(GRID, `patch_grid WHERE slide_id = (SELECT id FROM slide WHERE ${ofStudy} AND key = $3) AND starts_with(digest, $4) ORDER BY id LIMIT 1`)} AS grid`,
    );
  }
  const { rows: found } = await client.query<{
    study: Sent<Study> | null;
    featureSet: Sent<FeatureSet> | null;
    slide?: Sent<Slide> | null;
    grid?: Sent<PatchGrid> | null;
  }>(`SELECT ${columns.join(", ")}`, values);
  const [target] = found;
  if (!target?.study || !target.featureSet) return null;
  return {
    study: received(target.study),
    featureSet: received(target.featureSet),
    slide: target.slide ? received(target.slide) : null,
    grid: target.grid ? received(target.grid) : null,
  };
};

export type HitRows = { patches: PatchRow[]; grids: PatchGrid[]; slides: Slide[]; patients: Patient[] };

/** Everything that hits lead to, each row once, in one statement. */
export const readHitRows = async (
  client: Queryable,
  hits: readonly { patchId: number; slideId: number; patientId: number }[],
): Promise<HitRows> => {
  const distinct = (ids: readonly number[]): number[] => [...new Set(ids)];
  const { rows: found } = await client.query<{
    patches: PatchRow[];
    grids: Sent<PatchGrid>[];
    slides: Sent<Slide>[];
    patients: Sent<Patient>[];
  }>(
    `SELECT ${rows(PATCH, "features.patch WHERE id = ANY($1::int8[])")} AS patches,
       ${rows(GRID, "patch_grid WHERE id = ANY($2::int[])")} AS grids,
       ${rows(SLIDE, "slide WHERE id = ANY($3::int[])")} AS slides,
       ${rows(PATIENT, "patient WHERE id = ANY($4::int[])")} AS patients`,
    [
      distinct(hits.map(({ patchId }) => patchId)),
      distinct(hits.map(({ patchId }) => gridIdOf(patchId))),
      distinct(hits.map(({ slideId }) => slideId)),
      distinct(hits.map(({ patientId }) => patientId)),
    ],
  );
  const { patches, grids, slides, patients } = found[0] as (typeof found)[number];
  return {
    patches,
    grids: grids.map((grid) => received<PatchGrid>(grid)),
    slides: slides.map((slide) => received<Slide>(slide)),
    patients: patients.map((patient) => received<Patient>(patient)),
  };
};
