import { embedImage } from "../../inference/embed-image.ts";
import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import type { FeatureSet, Study } from "../../store/generated/client.ts";
import { readIds } from "../../store/pages.ts";
import type { PatchRow } from "../../store/patches.ts";
import { searchVectors, type VectorFilter } from "../../store/search/index.ts";
import { readVectors } from "../../store/vectors.ts";
import { requirePageSize } from "../base/connections.ts";
import { type PatientFilter, resolvePatientFilter, resolveSlideFilter, type SlideFilter } from "../base/filters.ts";
import type { App, GraphQLContext } from "../context.ts";
import { requireFeatureSet } from "../featureSet/featureSet.service.ts";
import { requirePatch } from "../patch/patch.service.ts";

type SimilarTo = {
  patch?: string | null;
  image?: { data: string; micronsPerPixel: number } | null;
  vector?: Float32Array | null;
};

export type SimilarPatchesInput = {
  featureSet: string;
  to: SimilarTo;
  filter?: { patients?: PatientFilter | null; slides?: SlideFilter | null } | null | undefined;
  first: number;
  excludeSamePatient: boolean;
  minRecall: number;
};

type Query = { vector: Float32Array; patientId?: number; patchId?: number };

const MAX_HITS = 1000;

const queryByPatch = async (
  context: GraphQLContext,
  id: string,
  featureSet: FeatureSet,
  study: Study,
): Promise<Query> => {
  const { patch, grid } = await requirePatch(context, id, ["to", "patch"]);
  const slide = await context.loaders.slide.load(grid.slideId);
  if (slide.studyId !== study.id) {
    throw new HistoError("BAD_ARGUMENT", "The patch is of another study than the feature set.", {
      fix: "Nothing crosses studies: take patch and feature set from one.",
      path: ["to", "patch"],
    });
  }
  const [vector] = await readVectors(context.app.database, featureSet.id, [patch.id]);
  if (vector) return { vector, patientId: slide.patientId, patchId: patch.id };
  throw new HistoError("NOT_FOUND", `The patch has no vector in feature set "${featureSet.key}".`, {
    fix: "Embed its slide into this feature set with embedSlides, or take a patch of its grid.",
    path: ["to", "patch"],
  });
};

const halvesToFloats = (vector: Float32Array | Uint16Array): Float32Array =>
  vector instanceof Float32Array
    ? vector
    : Float32Array.from(new Float16Array(vector.buffer, vector.byteOffset, vector.length));

const queryByImage = async (
  app: App,
  image: { data: string; micronsPerPixel: number },
  featureSet: FeatureSet,
): Promise<Query> => {
  const encoder = await app.prisma.encoder.findUniqueOrThrow({ where: { id: featureSet.encoderId } });
  const vector = await app.encoderSessions.use(encoder, (session) =>
    embedImage({
      image: Buffer.from(image.data.replace(/^data:image\/(png|jpeg);base64,/, ""), "base64"),
      imageMicronsPerPixel: image.micronsPerPixel,
      patchSizePixels: featureSet.patchSize,
      micronsPerPixel: featureSet.micronsPerPixel,
      session,
    }),
  );
  return { vector: halvesToFloats(vector) };
};

const queryByVector = (vector: Float32Array, featureSet: FeatureSet): Query => {
  if (vector.length !== featureSet.dims) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `The vector has ${vector.length} numbers; feature set "${featureSet.key}" has ${featureSet.dims}.`,
      { fix: "Use a vector of the same encoder and output as the feature set.", path: ["to", "vector"] },
    );
  }
  return { vector };
};

/**
 * Cosine distance asks only for the direction; at unit length no number exceeds the range of half precision.
 * @throws HistoError BAD_ARGUMENT when there is no direction
 */
const unitLength = (vector: Float32Array): Float32Array => {
  const length = Math.hypot(...vector);
  if (length > 0 && Number.isFinite(length)) return vector.map((value) => value / length);
  throw new HistoError("BAD_ARGUMENT", "The vector is zero, so it has no direction to compare.", {
    path: ["to", "vector"],
  });
};

/** A PatchFilter, as the slides and patients whose patches may be hits. */
const resolveFilter = async (
  context: GraphQLContext,
  study: Study,
  filter: SimilarPatchesInput["filter"],
): Promise<Pick<VectorFilter, "slideIds" | "patientIds">> => {
  const { database } = context.app;
  const [slides, patients] = await Promise.all([
    filter?.slides && resolveSlideFilter(context, study, filter.slides, ["filter", "slides"]),
    filter?.patients && resolvePatientFilter(context, study, filter.patients, ["filter", "patients"]),
  ]);
  const [slideIds, patientIds] = await Promise.all([
    slides ? readIds(database, "slide", study.id, slides) : undefined,
    patients ? readIds(database, "patient", study.id, patients) : undefined,
  ]);
  return { slideIds, patientIds };
};

export type PatchHit = { patch: PatchRow; distance: number };

/**
 * The patches whose vectors are nearest by cosine distance. Exact: every vector that passes the filter is compared.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT, DIMENSION_MISMATCH, NOT_AN_IMAGE, ENCODER_HAS_NO_MODEL, FORBIDDEN
 */
export const similarPatches = async (context: GraphQLContext, input: SimilarPatchesInput) => {
  const { app, loaders } = context;
  const featureSet = await requireFeatureSet(context, input.featureSet);
  const study = await loaders.study.load(featureSet.studyId);
  authorize(context.viewer, "study:read", study.key);
  const first = requirePageSize(input.first, MAX_HITS);
  if (!(input.minRecall > 0 && input.minRecall <= 1)) {
    throw new HistoError("BAD_ARGUMENT", `minRecall: ${input.minRecall} is not above 0 and at most 1.`, {
      fix: "Leave it out for 0.99.",
      path: ["minRecall"],
    });
  }
  const { patch, image, vector } = input.to;
  const query =
    patch != null
      ? await queryByPatch(context, patch, featureSet, study)
      : image != null
        ? await queryByImage(app, image, featureSet)
        : queryByVector(vector as Float32Array, featureSet);
  const direction = unitLength(query.vector);
  const filter = await resolveFilter(context, study, input.filter);
  const found = await searchVectors(app.database, {
    featureSetId: featureSet.id,
    query: { vector: direction },
    filter: {
      ...filter,
      exceptPatientId: input.excludeSamePatient ? query.patientId : undefined,
      exceptPatchId: query.patchId,
    },
    first,
    minRecall: input.minRecall,
  });
  if (!found) throw new Error("A vector that was given was not found.");
  const { hits, report } = found;
  const patches = await loaders.patch.loadMany(hits.map((hit) => hit.patchId));
  return {
    hits: hits.flatMap((hit, index): PatchHit[] => {
      const row = patches[index];
      if (row instanceof Error) throw row;
      return row ? [{ patch: row, distance: hit.distance }] : [];
    }),
    search: report,
  };
};
