import { embedImage } from "../../inference/embed-image.ts";
import type { EncoderSession } from "../../inference/encoder-session.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import type { FeatureSet } from "../../store/generated/client.ts";
import { readSearchTarget, type SearchTarget } from "../../store/hits.ts";
import { readPatches } from "../../store/patches.ts";
import type { VectorQuery } from "../../store/search/index.ts";
import type { App, GraphQLContext } from "../context.ts";
import { stainMethodOf } from "../featureSet/preprocessing.ts";
import { projectVector } from "../featureSet/reduce.projection.ts";
import { patchIdAt } from "../patch/patch.service.ts";
import { requireLikeSet } from "../phenotype/phenotypeQuery.ts";
import { floatsOf } from "../phenotype/vectorBytes.ts";

/** The input SimilarTo: exactly one of these. */
export type SimilarTo = {
  patch?: string | null;
  image?: { data: string; micronsPerPixel: number } | null;
  vector?: Float32Array | null;
  phenotype?: string | null;
};

/** What a search compares with, and whose patches may be left out. */
export type Query = { nearest: VectorQuery; patientId?: number; patchId?: number };

const noPatch = (): HistoError =>
  new HistoError("NOT_FOUND", "There is no such patch.", {
    fix: "Pass the `id` of a patch of this study; ids outlive a second tiling with the same grid, not with another.",
    path: ["to", "patch"],
  });

type PatchKeys = { study: string; slide: string; gridDigest: string; x: number; y: number };

const patchKeys = (id: string): PatchKeys => {
  const [study, slide, gridDigest, x, y] = requireId("Patch", id, ["to", "patch"]) as [
    string,
    string,
    string,
    number,
    number,
  ];
  return { study, slide, gridDigest, x, y };
};

/** The study that the id of a feature set names: known before anything is looked up, so that access is decided first. */
export const studyKeyOf = (featureSetId: string): string =>
  String(requireId("FeatureSet", featureSetId, ["featureSet"])[0]);

/**
 * The feature set and, for a query by patch, its slide and grid; one statement.
 * @throws HistoError NOT_FOUND, BAD_ARGUMENT
 */
export const findTarget = async (
  { app }: GraphQLContext,
  featureSetId: string,
  { patch }: SimilarTo,
): Promise<SearchTarget> => {
  const [study, featureSet] = requireId("FeatureSet", featureSetId, ["featureSet"]).map(String) as [string, string];
  const asked = patch == null ? undefined : patchKeys(patch);
  if (asked && asked.study !== study) {
    throw new HistoError("BAD_ARGUMENT", "The patch is of another study than the feature set.", {
      fix: "Nothing crosses studies: take patch and feature set from one.",
      path: ["to", "patch"],
    });
  }
  const keys = asked && { slide: asked.slide, gridDigest: asked.gridDigest };
  const found = await readSearchTarget(app.database, { study, featureSet, ...keys });
  if (found) return found;
  throw new HistoError("NOT_FOUND", `There is no feature set "${featureSet}" in study "${study}".`, {
    fix: "`study(key) { featureSets { key id } }` lists them; embedSlides makes one.",
    path: ["featureSet"],
  });
};

const queryByPatch = async (context: GraphQLContext, id: string, { slide, grid }: SearchTarget): Promise<Query> => {
  const { x, y } = patchKeys(id);
  const patch = grid && (await patchIdAt(context, grid, x, y));
  if (!slide || patch === null) throw noPatch();
  return { nearest: { patchId: patch }, patientId: slide.patientId, patchId: patch };
};

/** Why the vector of a query's patch was not found. */
export const noVector = async (app: App, query: Query, featureSet: FeatureSet): Promise<HistoError> => {
  const [patch] = query.patchId === undefined ? [] : await readPatches(app.database, [query.patchId]);
  if (!patch) return noPatch();
  return new HistoError("NOT_FOUND", `The patch has no vector in feature set "${featureSet.key}".`, {
    fix: "Embed its slide into this feature set with embedSlides, or take a patch of its grid.",
    path: ["to", "patch"],
  });
};

export const noDirection = (path: readonly string[]): HistoError =>
  new HistoError("BAD_ARGUMENT", "The vector is zero, so it has no direction to compare.", {
    fix: "Ask with another: the encoder saw nothing in this one.",
    path,
  });

/**
 * Cosine distance asks only for the direction; at unit length no number exceeds the range of half precision.
 * @throws HistoError BAD_ARGUMENT when there is no direction
 */
const unitLength = (vector: Float32Array, path: readonly string[]): Float32Array => {
  const length = Math.hypot(...vector);
  if (length > 0 && Number.isFinite(length)) return vector.map((value) => value / length);
  throw noDirection(path);
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
  const stain = stainMethodOf(featureSet);
  const embed = (session: EncoderSession) =>
    embedImage({
      image: Buffer.from(image.data.replace(/^data:image\/(png|jpeg);base64,/, ""), "base64"),
      imageMicronsPerPixel: image.micronsPerPixel,
      patchSizePixels: featureSet.patchSize,
      micronsPerPixel: featureSet.micronsPerPixel,
      session,
      stain,
    });
  const vector = await app.encoderSessions.use(encoder, embed, stain);
  return {
    nearest: { vector: unitLength(halvesToFloats(await projectVector(app, featureSet, vector)), ["to", "image"]) },
  };
};

const queryByVector = (vector: Float32Array, featureSet: FeatureSet): Query => {
  if (vector.length === featureSet.dims) return { nearest: { vector: unitLength(vector, ["to", "vector"]) } };
  throw new HistoError(
    "DIMENSION_MISMATCH",
    `The vector has ${vector.length} numbers; feature set "${featureSet.key}" has ${featureSet.dims}.`,
    { fix: "Use a vector of the same encoder and output as the feature set.", path: ["to", "vector"] },
  );
};

/** By its centroid; the patient whose own codebook it is of is the query's. */
const queryByPhenotype = async (context: GraphQLContext, id: string, featureSet: FeatureSet): Promise<Query> => {
  const path = ["to", "phenotype"];
  const { centroid, codebook } = await requireLikeSet(context, id, featureSet.id, path);
  const nearest = { vector: unitLength(floatsOf(centroid), path) };
  return codebook.patientId === null ? { nearest } : { nearest, patientId: codebook.patientId };
};

/** @throws HistoError NOT_FOUND, BAD_ARGUMENT, DIMENSION_MISMATCH, NOT_AN_IMAGE, ENCODER_HAS_NO_MODEL */
export const resolveQuery = async (context: GraphQLContext, to: SimilarTo, target: SearchTarget): Promise<Query> => {
  const { patch, image, vector, phenotype } = to;
  if (patch != null) return queryByPatch(context, patch, target);
  if (image != null) return queryByImage(context.app, image, target.featureSet);
  if (phenotype != null) return queryByPhenotype(context, phenotype, target.featureSet);
  return queryByVector(vector as Float32Array, target.featureSet);
};
