import { type SlideAssignments, writeAssignments } from "./assignments.ts";
import type { Queryable } from "./database.ts";
import { type Condition, conditionSql, createParameters, EVERYTHING } from "./filterSql.ts";
import { GRID_IS_OUTDATED } from "./patches.ts";

/** A slide of a feature set as it is now: what a codebook is fitted to, or assigns. */
export type SourceSlide = {
  slideId: number;
  slideKey: string;
  patientId: number;
  patientKey: string;
  stain: string;
  gridId: number;
  gridDigest: string;
  slideChecksum: string;
  patches: number;
  completedAt: Date;
};

/** The slides of a feature set whose embedding is complete and that pass a condition, by key. */
export const readSourceSlides = async (
  client: Queryable,
  featureSetId: number,
  condition: Condition,
): Promise<SourceSlide[]> => {
  const parameters = createParameters([featureSetId]);
  const { rows } = await client.query<SourceSlide>(
    `SELECT slide.id AS "slideId", slide.key AS "slideKey", slide.patient_id AS "patientId", patient.key AS "patientKey",
       slide.stain::text AS stain, features.grid_id AS "gridId", grid.digest AS "gridDigest",
       grid.slide_checksum AS "slideChecksum", features.vectors AS patches, features.completed_at AS "completedAt"
     FROM slide_features AS features
     JOIN slide ON slide.id = features.slide_id
     JOIN patient ON patient.id = slide.patient_id
     JOIN patch_grid AS grid ON grid.id = features.grid_id
     WHERE features.feature_set_id = $1 AND features.is_complete AND features.vectors > 0
       AND ${conditionSql(condition, "slide", parameters)}
     ORDER BY slide.key`,
    parameters.values,
  );
  return rows;
};

/** What has become of a build's slides since they were assigned. */
export type BuildState = {
  /** Slides whose patches are other ones now, or gone. */
  changed: number;
  /** Slides whose file or resolution differs from what their patches were cut from. */
  outdated: number;
  slideIds: number[];
};

/** States in the order asked. */
export const readBuildStates = async (client: Queryable, buildIds: readonly number[]): Promise<BuildState[]> => {
  const { rows } = await client.query<BuildState & { id: number }>(
    `SELECT build.id, coalesce(array_agg(assigned.slide_id) FILTER (WHERE assigned.slide_id IS NOT NULL), '{}') AS "slideIds",
       (SELECT coalesce(sum(codebook.slides), 0) FROM codebook WHERE codebook.build_id = build.id)::int
         - count(*) FILTER (WHERE assigned.is_fitted)::int
         + count(*) FILTER (WHERE assigned.slide_id IS NOT NULL AND (features.slide_id IS NULL
             OR features.grid_id <> assigned.grid_id OR features.vectors <> assigned.patches
             OR features.completed_at IS DISTINCT FROM assigned.completed_at))::int AS changed,
       count(*) FILTER (WHERE assigned.slide_id IS NOT NULL AND ${GRID_IS_OUTDATED})::int AS outdated
     FROM codebook_build AS build
     LEFT JOIN codebook_slide AS assigned ON assigned.build_id = build.id
     LEFT JOIN slide_features AS features
       ON features.slide_id = assigned.slide_id AND features.feature_set_id = build.feature_set_id
     LEFT JOIN patch_grid AS grid ON grid.id = assigned.grid_id
     LEFT JOIN slide_image AS image ON image.slide_id = assigned.slide_id
     WHERE build.id = ANY($1::int[]) GROUP BY build.id`,
    [buildIds],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return buildIds.map((id) => byId.get(id) ?? { changed: 0, outdated: 0, slideIds: [] });
};

/** A fitted codebook on its way into the store. Clusters that hold nothing are left out. */
export type NewCodebook = {
  buildId: number;
  patientId: number | null;
  slides: number;
  explainedVariance: readonly number[];
  projection: Uint8Array | null;
  digest: string;
  software: object;
  phenotypes: readonly { index: number; centroid: Uint8Array; fitted: Uint8Array | null }[];
};

/** Inside a transaction. Returns the codebook's id. */
export const insertCodebook = async (client: Queryable, codebook: NewCodebook): Promise<number> => {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO codebook (build_id, patient_id, slides, explained_variance, projection, digest, software)
     VALUES ($1, $2, $3, $4::float8[], $5, $6, $7) RETURNING id`,
    [
      codebook.buildId,
      codebook.patientId,
      codebook.slides,
      codebook.explainedVariance,
      codebook.projection && Buffer.from(codebook.projection),
      codebook.digest,
      codebook.software,
    ],
  );
  const { id } = rows[0] as { id: number };
  await client.query(
    `INSERT INTO phenotype (codebook_id, idx, size, centroid, fitted)
     SELECT $1, row.idx, 0, row.centroid, row.fitted FROM unnest($2::int[], $3::bytea[], $4::bytea[]) AS row (idx, centroid, fitted)`,
    [
      id,
      codebook.phenotypes.map(({ index }) => index),
      codebook.phenotypes.map(({ centroid }) => Buffer.from(centroid)),
      codebook.phenotypes.map(({ fitted }) => fitted && Buffer.from(fitted)),
    ],
  );
  return id;
};

/** Patches of each phenotype, by its number. */
const countsOf = (phenotypes: Int32Array): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const phenotype of phenotypes) counts.set(phenotype, (counts.get(phenotype) ?? 0) + 1);
  return counts;
};

/** Writes a slide's assignments, its shares and what it was like then. Inside a transaction. */
export const storeSlide = async (
  client: Queryable,
  place: { buildId: number; codebookId: number; isFitted: boolean },
  slide: SourceSlide,
  assignments: SlideAssignments,
): Promise<void> => {
  const { buildId, codebookId, isFitted } = place;
  await writeAssignments(client, buildId, codebookId, assignments);
  await client.query(
    `INSERT INTO codebook_slide (build_id, slide_id, codebook_id, grid_id, patches, completed_at, is_fitted)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [buildId, slide.slideId, codebookId, slide.gridId, slide.patches, slide.completedAt, isFitted],
  );
  const counts = [...countsOf(assignments.phenotypes)].sort(([a], [b]) => a - b);
  await client.query(
    `WITH held AS (
       SELECT * FROM unnest($2::int[], $3::int[]) AS held (idx, patches)
     ), grown AS (
       UPDATE phenotype SET size = size + held.patches FROM held WHERE codebook_id = $1 AND phenotype.idx = held.idx
     )
     INSERT INTO phenotype_share (codebook_id, idx, slide_id, patches) SELECT $1, idx, $4, patches FROM held`,
    [codebookId, counts.map(([index]) => index), counts.map(([, count]) => count), slide.slideId],
  );
};

/** What turned out when the patches that a codebook was fitted to were assigned. Clusters that got none of them are gone. */
export const settleCodebook = async (
  client: Queryable,
  codebookId: number,
  { silhouette }: { silhouette: number | null },
): Promise<void> => {
  await client.query("UPDATE codebook SET silhouette = $2 WHERE id = $1", [codebookId, silhouette]);
  await client.query("DELETE FROM phenotype WHERE codebook_id = $1 AND size = 0", [codebookId]);
};

export const addInertia = (client: Queryable, codebookId: number, inertia: number) =>
  client.query("UPDATE codebook SET inertia = inertia + $2 WHERE id = $1", [codebookId, inertia]);

/** Whose shares: of patients, over all of their slides, or of single slides. */
export type ShareUnit = "patient" | "slide";

export type ShareRow = { id: number; key: string; patientId: number; index: number; patches: number; share: number };

export type SharePage = {
  codebookId: number;
  index: number;
  condition?: Condition;
  take: number;
  /** Share and key of the last row seen. */
  after?: { share: number; key: string } | undefined;
};

/** One row for each patient or slide that a codebook has assigned and that passes the condition. */
const sharesSql = (
  unit: ShareUnit,
  codebook: string,
  phenotypes: string,
  condition: string,
): string => `SELECT ${unit}.id, ${unit}.key, ${unit === "patient" ? "patient.id" : "slide.patient_id"} AS patient_id,
    phenotype.idx, coalesce(sum(held.patches), 0)::int AS patches,
    coalesce(sum(held.patches), 0)::float8 / sum(assigned.patches)::float8 AS share
  FROM codebook_slide AS assigned
  JOIN slide ON slide.id = assigned.slide_id
  ${unit === "patient" ? "JOIN patient ON patient.id = slide.patient_id" : ""}
  JOIN phenotype ON phenotype.codebook_id = assigned.codebook_id
  LEFT JOIN phenotype_share AS held
    ON held.codebook_id = assigned.codebook_id AND held.idx = phenotype.idx AND held.slide_id = assigned.slide_id
  WHERE assigned.codebook_id = ${codebook} AND ${phenotypes} AND ${condition}
  GROUP BY ${unit}.id, ${unit}.key, ${unit === "patient" ? "patient.id" : "slide.patient_id"}, phenotype.idx`;

type RawShare = { id: number; key: string; patient_id: number; idx: number; patches: number; share: number };

const toShare = ({ id, key, patient_id, idx, patches, share }: RawShare): ShareRow => ({
  id,
  key,
  patientId: patient_id,
  index: idx,
  patches,
  share,
});

/** A phenotype's shares, greatest first, then by key. */
export const readSharePage = async (client: Queryable, unit: ShareUnit, page: SharePage): Promise<ShareRow[]> => {
  const parameters = createParameters([page.codebookId, page.index]);
  const condition = conditionSql(page.condition ?? EVERYTHING, unit, parameters);
  const shares = sharesSql(unit, "$1", "phenotype.idx = $2", condition);
  const after = page.after
    ? `WHERE share < ${parameters.add(page.after.share)}::float8
         OR (share = ${parameters.add(page.after.share)}::float8 AND key > ${parameters.add(page.after.key)}::text COLLATE "C")`
    : "";
  const { rows } = await client.query<RawShare>(
    `SELECT * FROM (${shares}) AS shares ${after} ORDER BY share DESC, key LIMIT ${parameters.add(page.take)}`,
    parameters.values,
  );
  return rows.map(toShare);
};

/** How many patients or slides of a codebook pass a condition. */
export const countShares = async (
  client: Queryable,
  unit: ShareUnit,
  codebookId: number,
  condition: Condition = EVERYTHING,
): Promise<number> => {
  const parameters = createParameters([codebookId]);
  const { rows } = await client.query<{ number: number }>(
    `SELECT count(DISTINCT ${unit}.id) AS number FROM codebook_slide AS assigned JOIN slide ON slide.id = assigned.slide_id
     ${unit === "patient" ? "JOIN patient ON patient.id = slide.patient_id" : ""}
     WHERE assigned.codebook_id = $1 AND ${conditionSql(condition, unit, parameters)}`,
    parameters.values,
  );
  return (rows[0] as { number: number }).number;
};

/**
 * Every share of a codebook, or of one of its phenotypes: a row for each patient (or slide) that passes the condition and
 * each phenotype, by key and number.
 */
export const readShares = async (
  client: Queryable,
  unit: ShareUnit,
  codebookId: number,
  { condition = EVERYTHING, index }: { condition?: Condition; index?: number } = {},
): Promise<ShareRow[]> => {
  const parameters = createParameters([codebookId]);
  const where = conditionSql(condition, unit, parameters);
  const phenotypes = index === undefined ? "true" : `phenotype.idx = ${parameters.add(index)}::int`;
  const { rows } = await client.query<RawShare>(
    `${sharesSql(unit, "$1", phenotypes, where)} ORDER BY ${unit}.key, phenotype.idx`,
    parameters.values,
  );
  return rows.map(toShare);
};

/** Shares of many patients or slides in many codebooks, by number of phenotype, in the order asked. */
export const readSharesOf = async (
  client: Queryable,
  unit: ShareUnit,
  wanted: readonly { codebookId: number; id: number }[],
): Promise<ShareRow[][]> => {
  const groups = Map.groupBy(wanted, ({ codebookId }) => codebookId);
  const found = new Map<string, ShareRow[]>();
  for (const [codebookId, members] of groups) {
    const { rows } = await client.query<RawShare>(
      `${sharesSql(unit, "$1", "true", `${unit}.id = ANY($2::int[])`)} ORDER BY ${unit}.id, phenotype.idx`,
      [codebookId, members.map(({ id }) => id)],
    );
    for (const row of rows) {
      const name = `${codebookId}/${row.id}`;
      const list = found.get(name) ?? [];
      list.push(toShare(row));
      found.set(name, list);
    }
  }
  return wanted.map(({ codebookId, id }) => found.get(`${codebookId}/${id}`) ?? []);
};
