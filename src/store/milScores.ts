import type { Queryable } from "./database.ts";
import type { Parameters } from "./filterSql.ts";

/** SQL of scores: what heads say of bags. */

/** A slide of a scored bag; the attention of its patches begins at `first`, in the order of their ids. */
export type ScoredSlide = { slideId: number; gridId: number; patches: number; first: number; completedAt: Date };

export type NewMilScore = {
  modelId: number;
  patientId: number;
  slideId: number | null;
  /** Null for the final head. */
  fold: number | null;
  isOutOfFold: boolean;
  risk: number | null;
  centredRisk: number | null;
  probabilities: Readonly<Record<string, number>> | null;
  survival: readonly number[] | null;
  value: number | null;
  patches: number;
  attentionDigest: string | null;
  clusterAttention: readonly number[] | null;
  digest: string;
  software: object;
  slides: readonly ScoredSlide[];
};

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

/** Writes a score over that of the same head, bag and fold. Inside a transaction. */
export const writeMilScore = async (client: Queryable, score: NewMilScore): Promise<void> => {
  const { rows } = await client.query<{ id: number }>(
    `INSERT INTO mil_score (model_id, patient_id, slide_id, fold, is_out_of_fold, risk, centred_risk, probabilities, survival,
       value, patches, slides, attention_digest, cluster_attention, digest, software)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9::jsonb, $10, $11, $12, $13, $14::jsonb, $15, $16::jsonb)
     ON CONFLICT (model_id, patient_id, slide_id, fold) DO UPDATE SET is_out_of_fold = excluded.is_out_of_fold,
       risk = excluded.risk, centred_risk = excluded.centred_risk, probabilities = excluded.probabilities,
       survival = excluded.survival, value = excluded.value, patches = excluded.patches, slides = excluded.slides,
       attention_digest = excluded.attention_digest, cluster_attention = excluded.cluster_attention,
       digest = excluded.digest, software = excluded.software, created_at = now()
     RETURNING id`,
    [
      score.modelId,
      score.patientId,
      score.slideId,
      score.fold,
      score.isOutOfFold,
      score.risk,
      score.centredRisk,
      json(score.probabilities),
      json(score.survival),
      score.value,
      score.patches,
      score.slides.length,
      score.attentionDigest,
      json(score.clusterAttention),
      score.digest,
      JSON.stringify(score.software),
    ],
  );
  const { id } = rows[0] as { id: number };
  await client.query("DELETE FROM mil_score_slide WHERE score_id = $1", [id]);
  await client.query(
    `INSERT INTO mil_score_slide (score_id, slide_id, grid_id, patches, first, completed_at)
     SELECT $1::int, row."slideId", row."gridId", row.patches, row.first, row."completedAt"
     FROM jsonb_to_recordset($2::jsonb) AS row
       ("slideId" int, "gridId" int, patches int, first int, "completedAt" timestamptz)`,
    [id, JSON.stringify(score.slides)],
  );
};

/** The slides of scores' bags, each list in the order of its attention. */
export const readScoredSlides = async (client: Queryable, scoreIds: readonly number[]): Promise<ScoredSlide[][]> => {
  const { rows } = await client.query<ScoredSlide & { scoreId: number }>(
    `SELECT score_id AS "scoreId", slide_id AS "slideId", grid_id AS "gridId", patches, first, completed_at AS "completedAt"
     FROM mil_score_slide WHERE score_id = ANY($1::int[]) ORDER BY score_id, first`,
    [scoreIds],
  );
  const byScore = Map.groupBy(rows, ({ scoreId }) => scoreId);
  return scoreIds.map((id) => byScore.get(id) ?? []);
};

/** Of each score, how many slides of its bag have other vectors now, or are gone. */
export const readChangedSlides = async (client: Queryable, scoreIds: readonly number[]): Promise<number[]> => {
  const { rows } = await client.query<{ id: number; changed: number }>(
    `SELECT score.id, score.slides - (SELECT count(*) FROM mil_score_slide AS used
         JOIN slide_features AS features ON features.slide_id = used.slide_id
           AND features.feature_set_id = model.feature_set_id AND features.grid_id = used.grid_id
           AND features.vectors = used.patches AND features.completed_at IS NOT DISTINCT FROM used.completed_at
         WHERE used.score_id = score.id)::int AS changed
     FROM mil_score AS score JOIN mil_model AS model ON model.id = score.model_id WHERE score.id = ANY($1::int[])`,
    [scoreIds],
  );
  const byId = new Map(rows.map((row) => [row.id, row.changed]));
  return scoreIds.map((id) => byId.get(id) ?? 0);
};

/** A place in a list of scores. */
export type ScorePlace = { patientKey: string; slideKey: string; fold: number };

export type ScorePage = { modelId: number; take: number; after?: ScorePlace | undefined };

/** Ids of a model's scores by patient, slide and fold (the final head last), with their places. */
export const readScorePage = async (
  client: Queryable,
  { modelId, take, after }: ScorePage,
): Promise<{ id: number; place: ScorePlace }[]> => {
  const { rows } = await client.query<{ id: number; patient_key: string; slide_key: string; fold: number }>(
    `SELECT * FROM (
       SELECT score.id, patient.key AS patient_key, coalesce(slide.key, '') AS slide_key, coalesce(score.fold, 2147483647) AS fold
       FROM mil_score AS score JOIN patient ON patient.id = score.patient_id LEFT JOIN slide ON slide.id = score.slide_id
       WHERE score.model_id = $1
     ) AS placed
     WHERE $3::text IS NULL OR (patient_key, slide_key COLLATE "C", fold) > ($3::text, $4::text COLLATE "C", $5::int)
     ORDER BY patient_key, slide_key COLLATE "C", fold LIMIT $2`,
    [modelId, take, after?.patientKey ?? null, after?.slideKey ?? "", after?.fold ?? 0],
  );
  return rows.map((row) => ({
    id: row.id,
    place: { patientKey: row.patient_key, slideKey: row.slide_key, fold: row.fold },
  }));
};

/**
 * A join that gives the rows of `patient` the columns `risk`, a head's mean risk of those scores that may be looked at, and
 * `is_trained`, whether it has only others. Of several repeats the risks are averaged, each less its fold's mean.
 */
export const riskJoinSql = (name: string, modelId: number, parameters: Parameters): string =>
  `LEFT JOIN (
     SELECT patient_id, avg(coalesce(centred_risk, risk)) FILTER (WHERE is_out_of_fold) AS risk,
       NOT bool_or(is_out_of_fold) AS is_trained
     FROM mil_score WHERE model_id = ${parameters.add(modelId)}::int AND slide_id IS NULL GROUP BY patient_id
   ) AS ${name} ON ${name}.patient_id = patient.id`;
