import { randomUUID } from "node:crypto";
import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { encodeId } from "../../platform/ids.ts";
import { insertJob } from "../../queue/jobs.ts";
import type { Queryable } from "../../store/database.ts";
import { countExportRows, type ExportSource } from "../../store/exportRows.ts";
import { type ExportSlide, readExportSlides } from "../../store/exportSlides.ts";
import type { FeatureSet, Job, Study } from "../../store/generated/client.ts";
import { gridIdOf } from "../../store/patches.ts";
import type { VectorFilter } from "../../store/search/index.ts";
import type { App, GraphQLContext } from "../context.ts";
import { featureSetLineage } from "../featureSet/featureSet.lineage.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { type PatchFilter, resolvePatchFilter } from "../similarity/queryFilter.ts";
import { isHdf5, requireHdf5Input } from "./export.hdf5.ts";
import type { ExportPayload } from "./export.jobs.ts";
import { placesOf, rangesOf, versionOf } from "./export.rows.ts";
import { resolveCodebook, resolveColumns, resolveScore, type Selection } from "./selection.ts";

export type ExportInput = {
  featureSet: string;
  filter?: PatchFilter | null;
  columns?: readonly string[] | null;
  format: "ARROW_STREAM" | "PARQUET" | "TRIDENT_H5" | "CLAM_H5";
  precision: "FLOAT32" | "FLOAT16";
  codebook?: string | null;
  score?: string | null;
};

/** The GraphQL type ExportPayload, when nothing was refused. */
type Exported = {
  url: string;
  rows: number;
  bytes: number | null;
  expiresAt: Date;
  slidesLeftOut: number;
  job: Job | null;
};

export const BULK = "/bulk";
/** To begin within; what has begun may take longer. */
const LIFETIME_SECONDS = 60 * 60;

/** The path that is signed. What stands behind it in the address (`after`) can only leave rows out. */
export const streamPath = (id: string): string => `${BULK}/exports/${id}.arrow`;

/** The path of files in one archive, which is read from the beginning. */
export const archivePath = (id: string): string => `${BULK}/exports/${id}.tar`;

/** Files are made by a job, and fetched when somebody has time. */
const FILES_LIFETIME_SECONDS = 24 * LIFETIME_SECONDS;

export const manifestPath = (id: string): string => `${BULK}/exports/${id}/manifest.json`;
export const shardPath = (id: string, number: number): string => `${BULK}/exports/${id}/shards/${number}.parquet`;

/** @throws HistoError FORMAT_UNSUPPORTED, BAD_ARGUMENT */
const requireFormat = (input: ExportInput, { key, level }: FeatureSet): void => {
  const { format } = input;
  if (isHdf5(format)) requireHdf5Input(input);
  if (format !== "PARQUET" || level === "PATCH") return;
  throw new HistoError(
    "FORMAT_UNSUPPORTED",
    `Feature set "${key}" holds no vectors of patches; it cannot be exported as ${format}.`,
    { fix: "Ask for ARROW_STREAM, which pyarrow, pandas, polars and R read.", path: ["format"] },
  );
};

/** Those of a region lie on one slide; all others have no row. */
const withPatches = (slides: readonly ExportSlide[], { patchIds }: VectorFilter): ExportSlide[] => {
  if (!patchIds) return [...slides];
  const grids = new Set(patchIds.map(gridIdOf));
  return slides.filter(({ gridId }) => grids.has(gridId));
};

const countRows = async (app: App, source: ExportSource, slides: readonly ExportSlide[]): Promise<number> => {
  const isWhole = Object.values(source.filter).every((condition) => condition === undefined);
  const counts = isWhole
    ? slides.map(({ patches }) => patches)
    : await countExportRows(app.database, source, rangesOf(slides));
  return counts.reduce((sum, count) => sum + count, 0);
};

const GREATEST_INT = 2 ** 31 - 1;
/** What a row has beside its vector, of which most is the patch's id. */
const ROW_BYTES = 130;

const estimatedBytes = (rows: number, dims: number, precision: ExportInput["precision"]): number | null => {
  const bytes = rows * (dims * (precision === "FLOAT16" ? 2 : 4) + ROW_BYTES);
  return bytes <= GREATEST_INT ? bytes : null;
};

const metadataOf = async (
  context: GraphQLContext,
  study: Study,
  featureSet: FeatureSet,
  input: ExportInput,
): Promise<Record<string, unknown>> => ({
  study: study.key,
  featureSet: {
    id: encodeId("FeatureSet", study.key, featureSet.key),
    key: featureSet.key,
    level: featureSet.level,
    dims: featureSet.dims,
    lineage: await featureSetLineage(context, featureSet),
  },
  precision: input.precision,
  storedPrecision: "FLOAT16",
  filter: input.filter ?? null,
  codebook: input.codebook ?? null,
  score: input.score ?? null,
  histoql: context.app.version,
});

/** The job that writes an export's files. */
const queueFiles = async (
  { app, viewer }: GraphQLContext,
  client: Queryable,
  study: Study,
  exportId: string,
): Promise<string> => {
  const payload: ExportPayload = { exportId };
  const id = await insertJob(client, {
    kind: "EXPORT",
    studyId: study.id,
    createdBy: viewer.name,
    unit: "patches",
    payload,
  });
  await app.queue.wake(client, [{ id, kind: "EXPORT" }]);
  return id;
};

/**
 * Prepares an export of the vectors that the viewer may see, and records it. Slides that are not embedded completely are
 * left out.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT, COLUMN_UNKNOWN, FORMAT_UNSUPPORTED, and as resolvePatchFilter
 */
export const exportFeatures = async (context: GraphQLContext, input: ExportInput): Promise<Exported> => {
  const { app, viewer, loaders, baseUrl } = context;
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  authorize(viewer, "study:read", study.key);
  requireFormat(input, featureSet);
  const clinical = await resolveColumns(context, study, input.columns ?? []);
  const codebook = await resolveCodebook(context, featureSet, input.codebook);
  const score = await resolveScore(context, featureSet, input.score);
  const {
    slideIds,
    patientIds,
    cohortId: _,
    ...filter
  } = await resolvePatchFilter(context, study, featureSet, input.filter);
  const found = withPatches(await readExportSlides(app.database, featureSet.id, { slideIds, patientIds }), filter);
  const slides = found.filter(({ isComplete }) => isComplete);
  const selection: Selection = {
    filter,
    clinical,
    codebook: codebook && { buildId: codebook.buildId, codebookId: codebook.id },
    scoreId: score?.id ?? null,
    version: versionOf(slides),
    metadata: await metadataOf(context, study, featureSet, input),
  };
  const { id: featureSetId, dims } = featureSet;
  const source = { featureSetId, dims, filter, codebook: selection.codebook, places: placesOf(featureSet, slides) };
  const rows = await countRows(app, source, slides);
  const id = randomUUID();
  // Of HDF5 too: its files are made while they are sent.
  const isStream = input.format !== "PARQUET";
  const lifetime = isStream ? LIFETIME_SECONDS : FILES_LIFETIME_SECONDS;
  const expiresAt = new Date(Date.now() + lifetime * 1000);
  const jobId = await app.database.transaction(async (client) => {
    const job = isStream ? null : await queueFiles(context, client, study, id);
    await client.query(
      `INSERT INTO export (id, study_id, study_key, feature_set_id, feature_set_key, format, precision, input, selection, grid_ids,
         rows, created_by, expires_at, job_id)
       VALUES ($1, $2, $3, $4, $5, $6::export_format, $7::export_precision, $8::jsonb, $9::jsonb, $10::int[], $11, $12, $13, $14)`,
      [
        id,
        study.id,
        study.key,
        featureSetId,
        featureSet.key,
        input.format,
        input.precision,
        JSON.stringify(input),
        JSON.stringify(selection),
        slides.map(({ gridId }) => gridId),
        rows,
        viewer.name,
        expiresAt,
        job,
      ],
    );
    return job;
  });
  const path = isHdf5(input.format) ? archivePath(id) : isStream ? streamPath(id) : manifestPath(id);
  return {
    url: `${baseUrl}${app.signer.sign(path, lifetime)}`,
    rows,
    bytes: isStream ? estimatedBytes(rows, dims, input.precision) : null,
    expiresAt,
    slidesLeftOut: found.length - slides.length,
    job: jobId === null ? null : await app.prisma.job.findUniqueOrThrow({ where: { id: jobId } }),
  };
};
