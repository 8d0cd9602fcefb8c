import { stat } from "node:fs/promises";
import type { FeatureLayout, FeatureLevel } from "../../formats/types.ts";
import { authorize, NO_STUDY } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { insertFileJobs } from "../../queue/jobs.ts";
import { isPlausibleResolution } from "../../slides/index.ts";
import type { FeatureSet, Job, Study } from "../../store/generated/client.ts";
import { compileKeyPattern } from "../base/keyPattern.ts";
import type { App, GraphQLContext } from "../context.ts";
import { expandPath, slideKeyOf } from "../slide/roots.ts";
import { requireKey, requireStudy } from "../study/study.service.ts";
import { keepUpload, uploadedFile } from "../upload/upload.service.ts";

export type ImportFeaturesInput = {
  studyKey: string;
  featureSetKey: string;
  encoderKey: string;
  layout: FeatureLayout;
  upload?: string | null | undefined;
  paths?: readonly string[] | null | undefined;
  patientPattern?: string | null | undefined;
  micronsPerPixel?: number | null | undefined;
  patchSize?: number | null | undefined;
  level: FeatureLevel;
};

/** What one part of an import is told. */
export type ImportPayload = {
  featureSetKey: string;
  encoderKey: string;
  layout: FeatureLayout;
  level: FeatureLevel;
  patientPattern: string | null;
  micronsPerPixel: number | null;
  patchSize: number | null;
  /** Exactly one of both. */
  file: string | null;
  upload: string | null;
  /** Of the file's name; null for an upload, which has none. */
  slideKey: string | null;
};

const ENDINGS: Record<FeatureLayout, readonly string[]> = {
  CLAM_H5: [".h5", ".hdf5"],
  TRIDENT_H5: [".h5", ".hdf5"],
  DEEP_ATTN_MISL_NPZ: [".npz"],
  ARROW: [".arrow", ".arrows", ".feather", ".ipc"],
  PARQUET: [".parquet"],
};

/** Tables name their slides themselves. */
const isTable = (layout: FeatureLayout): boolean => layout === "ARROW" || layout === "PARQUET";

const refuse = (field: keyof ImportFeaturesInput, message: string, fix: string): never => {
  throw new HistoError("BAD_ARGUMENT", message, { fix, path: [field] });
};

const requireNumbers = ({ micronsPerPixel, patchSize }: ImportFeaturesInput): void => {
  if (micronsPerPixel != null && !isPlausibleResolution(micronsPerPixel)) {
    refuse("micronsPerPixel", `${micronsPerPixel} µm/px is not between 0.05 and 20.`, "Use 0.5 for 20x, 0.25 for 40x.");
  }
  if (patchSize != null && (patchSize < 8 || patchSize > 16_384)) {
    refuse("patchSize", `patchSize ${patchSize} is not between 8 and 16384 pixels.`, "Use 224 or 256.");
  }
};

/** @throws HistoError CONFLICT when the key stands for other vectors */
const requireLikeImport = (existing: FeatureSet & { encoder: { key: string } }, input: ImportFeaturesInput): void => {
  const why =
    existing.trust !== "DECLARED"
      ? "was computed here"
      : existing.encoder.key !== input.encoderKey
        ? `is of encoder "${existing.encoder.key}"`
        : existing.level !== input.level && `has the level ${existing.level}`;
  if (!why) return;
  throw new HistoError(
    "CONFLICT",
    `Feature set "${existing.key}" ${why}; its vectors and these could not be compared.`,
    {
      fix: "Choose another featureSetKey.",
      path: ["featureSetKey"],
    },
  );
};

const requireDistinctKeys = (slideKeys: readonly string[]): void => {
  const seen = new Set<string>();
  for (const key of slideKeys) {
    if (seen.has(key)) {
      throw new HistoError("DUPLICATE_KEY", `Slide "${key}" stands for two of the files.`, {
        fix: "Slide keys are file stems: import one of the two, or rename it.",
        path: ["paths"],
      });
    }
    seen.add(key);
  }
};

type Part = Pick<ImportPayload, "file" | "upload" | "slideKey">;

const partsOf = async (context: GraphQLContext, input: ImportFeaturesInput): Promise<Part[]> => {
  const { upload, paths, layout } = input;
  if ((upload == null) === (paths == null || paths.length === 0)) {
    refuse("paths", "Files are given by upload or by paths, and by one of them.", "Name the files, or upload one.");
  }
  if (upload != null) {
    await keepUpload(context, upload, ["upload"]);
    return [{ file: null, upload, slideKey: null }];
  }
  const { roots } = context.app.config;
  const named = (paths ?? []).map((path, index) => expandPath(path, roots, index, ENDINGS[layout]));
  const files = [...new Set((await Promise.all(named)).flat())];
  const parts = files.map((file) => ({ file, upload: null, slideKey: slideKeyOf(file) }));
  if (!isTable(layout)) requireDistinctKeys(parts.map(({ slideKey }) => slideKey));
  return parts;
};

const queueImport = async (
  { app, viewer }: GraphQLContext,
  study: Study,
  resultId: string | null,
  payloads: readonly ImportPayload[],
): Promise<string> =>
  app.database.transaction(async (client) => {
    const { parentId, childIds } = await insertFileJobs(
      client,
      { kind: "IMPORT", studyId: study.id, createdBy: viewer.name, unit: "patches", payload: {}, resultId },
      payloads,
    );
    await app.queue.wake(
      client,
      childIds.map((id) => ({ id, kind: "IMPORT" as const })),
    );
    return parentId;
  });

/** An encoder that nobody has registered becomes known to everybody: that takes the right to register one. */
const authorizeEncoder = async ({ app, viewer }: GraphQLContext, key: string): Promise<void> => {
  if (await app.prisma.encoder.findUnique({ where: { key }, select: { id: true } })) return;
  authorize(viewer, "encoder:write", NO_STUDY);
};

/**
 * Queues the import of files of features, one part a file.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT, CONFLICT, FILE_NOT_FOUND, DUPLICATE_KEY
 */
export const importFeatures = async (context: GraphQLContext, input: ImportFeaturesInput): Promise<Job> => {
  const { app, viewer } = context;
  authorize(viewer, "study:write", input.studyKey);
  const study = await requireStudy({ app }, input.studyKey);
  const featureSetKey = requireKey(input.featureSetKey, ["featureSetKey"]);
  const encoderKey = requireKey(input.encoderKey, ["encoderKey"]);
  const { layout, level, patientPattern = null, micronsPerPixel = null, patchSize = null } = input;
  requireNumbers(input);
  if (patientPattern !== null) compileKeyPattern(patientPattern, "patient", "patientPattern");
  const existing = await app.prisma.featureSet.findUnique({
    where: { studyId_key: { studyId: study.id, key: featureSetKey } },
    include: { encoder: { select: { key: true } } },
  });
  if (existing) requireLikeImport(existing, input);
  else await authorizeEncoder(context, encoderKey);
  const parts = await partsOf(context, input);
  const shared = { featureSetKey, encoderKey, layout, level, patientPattern, micronsPerPixel, patchSize };
  const resultId = existing ? String(existing.id) : null;
  const parentId = await queueImport(
    context,
    study,
    resultId,
    parts.map((part) => ({ ...shared, ...part })),
  );
  return app.prisma.job.findUniqueOrThrow({ where: { id: parentId } });
};

/** @throws HistoError FILE_NOT_FOUND when it is gone since */
export const requireFile = async (app: App, { file, upload }: ImportPayload): Promise<string> => {
  const path = file ?? uploadedFile(app, upload ?? "");
  if (await stat(path).catch(() => null)) return path;
  throw new HistoError("FILE_NOT_FOUND", "The file is not where it was.", {
    fix: "Mount its folder on every worker, then retryJob; an upload is kept for a week.",
  });
};
