import type { OpenedFeatures, SlideHeader } from "../../formats/featureThread.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import { isKey } from "../../platform/keys.ts";
import { copyPatches } from "../../store/copyPatches.ts";
import { copyVectors } from "../../store/copyVectors.ts";
import type { Queryable } from "../../store/database.ts";
import {
  beginImportedSlide,
  completeImportedSlide,
  ensureDeclaredGrid,
  ensureDeclaredSet,
  ensureNamedEncoder,
  findKnownSlide,
  insertSlide,
  isOfThisImport,
  type KnownSlide,
  lockImportedSlide,
  readGridChecksum,
  readVectorsDigest,
  type StoredSet,
} from "../../store/importedFeatures.ts";
import { patchId, requireNameableCells } from "../../store/patches.ts";
import { readPatchIdsAt } from "../../store/patchPlaces.ts";
import type { VectorBatch } from "../../store/vectors.ts";
import type { App } from "../context.ts";
import { patientKeys } from "../slide/register.service.ts";
import { cleanKey, hasSlideEnding, slideKeyOf } from "../slide/roots.ts";
import type { ImportPayload } from "./importFeatures.service.ts";
import { coveredShare, type ImportedRecipe, importedRecipe, requireInside } from "./recipe.ts";

/** One slide of a file on its way in; everything in one transaction, whose client this is. */
export type SlideImport = {
  app: App;
  client: Queryable;
  studyId: number;
  payload: ImportPayload;
  features: OpenedFeatures;
  /** Of the file's part of the import. */
  jobId: string;
  /** OID of halfvec. */
  oid: number;
};

/** Raised when the same places would be named another way. */
const PLACES_VERSION = 1;

const isTable = (layout: ImportPayload["layout"]): boolean => layout === "ARROW" || layout === "PARQUET";

/** Where a file stands, its folders are nobody's business; and its ending is no part of a slide's key, as when it is registered. */
const keyOfName = (name: string): string => {
  const own = name.split(/[/\\]/).at(-1) ?? "";
  return hasSlideEnding(own) ? slideKeyOf(own) : cleanKey(own);
};

/** A slide is the file's, or what the file calls it where its own name is not known, or where it holds several. */
export const slideKeyOfHeader = (header: SlideHeader, { layout, slideKey }: ImportPayload): string => {
  const own = keyOfName(header.slideKey ?? "");
  const key = isTable(layout) ? own || slideKey : (slideKey ?? own);
  if (key) return key;
  throw new HistoError("BAD_ARGUMENT", "The file does not say which slide it is of, and an upload has no name.", {
    fix: "Import the file by its path, or a table with a column slide.",
    path: ["upload"],
  });
};

/** What the pattern, then the file says of a slide's patient; null where neither does. */
const saidPatient = (header: SlideHeader, slideKey: string, { patientPattern }: ImportPayload): string | null => {
  if (patientPattern !== null) return patientKeys({ patientPattern })(slideKey);
  if (header.patientKey === null || isKey(header.patientKey)) return header.patientKey;
  // Not repeated: it may be a name.
  throw new HistoError("BAD_ARGUMENT", "The patient that the file names has a name that cannot be a key.", {
    fix: "Write pseudonyms of 1 to 100 letters, digits, dots, underscores or hyphens; or give patientPattern.",
    path: ["patientPattern"],
  });
};

const ensureSlide = async (work: SlideImport, header: SlideHeader, key: string): Promise<KnownSlide> => {
  const { client, studyId, payload } = work;
  const said = saidPatient(header, key, payload);
  const known = await findKnownSlide(client, studyId, key);
  if (!known) await insertSlide(client, { studyId, key, patientKey: said ?? key, stain: "UNKNOWN" });
  const slide = known ?? (await findKnownSlide(client, studyId, key));
  if (!slide) throw new Error("A slide that was just stored is gone.");
  if (said === null || said === slide.patientKey) return slide;
  throw new HistoError("CONFLICT", `It belongs to patient "${slide.patientKey}", not "${said}".`, {
    fix: "Correct patientPattern, or the file.",
    path: ["patientPattern"],
  });
};

/** Scanners of one kind differ by so much. */
const SAME_SCAN = 0.1;

/** Resolutions that are computed from slides' own differ a little; they are one only if somebody says so. */
const isNear = (recipe: ImportedRecipe, set: StoredSet): boolean =>
  recipe.patchSize === set.patchSize &&
  recipe.overlap === set.overlap &&
  Math.abs(recipe.micronsPerPixel / set.micronsPerPixel - 1) < SAME_SCAN;

const requireSameSet = (set: StoredSet, wanted: { digest: string }, recipe: ImportedRecipe, dims: number): void => {
  if (set.dims !== dims) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `Its vectors have ${dims} numbers; those of the feature set ${set.dims}.`,
      {
        fix: "Import vectors of another length into another feature set.",
        path: ["featureSetKey"],
      },
    );
  }
  if (set.trust === "DECLARED" && set.digest === wanted.digest) return;
  const told = ({
    patchSize,
    micronsPerPixel,
    overlap,
  }: Pick<StoredSet, "patchSize" | "micronsPerPixel" | "overlap">) =>
    `${patchSize} px at ${micronsPerPixel} µm/px, overlap ${overlap}`;
  throw new HistoError("CONFLICT", `Its patches are of ${told(recipe)}; those of the feature set of ${told(set)}.`, {
    fix: isNear(recipe, set)
      ? `Give micronsPerPixel: ${set.micronsPerPixel}, if all were cut at the same nominal resolution.`
      : "Import patches of another kind into another feature set.",
    path: ["featureSetKey"],
  });
};

const ensureSet = async (work: SlideImport, recipe: ImportedRecipe, dims: number): Promise<StoredSet> => {
  const { app, client, studyId, payload } = work;
  const { patchSize, micronsPerPixel, overlap } = recipe;
  const { encoderKey, level } = payload;
  const encoder = await ensureNamedEncoder(client, { key: encoderKey, dims, inputPixels: patchSize, micronsPerPixel });
  if (encoder.dims !== dims) {
    throw new HistoError(
      "DIMENSION_MISMATCH",
      `Its vectors have ${dims} numbers; encoder "${encoderKey}" gives ${encoder.dims}.`,
      {
        fix: "Name the encoder that made them.",
        path: ["encoderKey"],
      },
    );
  }
  const digest = digestOf({ declared: true, encoder: encoderKey, patchSize, micronsPerPixel, overlap, level });
  const set = await ensureDeclaredSet(client, {
    studyId,
    key: payload.featureSetKey,
    encoderId: encoder.id,
    level,
    patchSize,
    micronsPerPixel,
    overlap,
    dims,
    digest,
    software: { histoql: app.version },
  });
  requireSameSet(set, { digest }, recipe, dims);
  return set;
};

/**
 * Names a grid by its places. One that was linked to another image stays as it is, so that what was made of it stays stale:
 * then the image is a part of the name.
 */
const gridDigest = async (
  { client, payload: { level } }: SlideImport,
  { placesDigest: places }: SlideHeader,
  { id, image }: KnownSlide,
  { patchSize, micronsPerPixel, overlap }: ImportedRecipe,
): Promise<string> => {
  const named = { version: PLACES_VERSION, patchSize, micronsPerPixel, overlap, level, places };
  const digest = digestOf(named);
  const linked = await readGridChecksum(client, id, digest);
  return linked === null || !image || linked === image.checksum
    ? digest
    : digestOf({ ...named, image: image.checksum });
};

/** The grid with just these places, and the store's ids of its patches in the order of the file. */
const ensureGrid = async (
  work: SlideImport,
  header: SlideHeader,
  slide: KnownSlide,
  recipe: ImportedRecipe,
): Promise<{ id: number; patchIds: Float64Array }> => {
  const { app, client, payload } = work;
  const { patchSize, micronsPerPixel, overlap, sizePixels, sizeFrom } = recipe;
  const grid = await ensureDeclaredGrid(client, {
    slideId: slide.id,
    digest: await gridDigest(work, header, slide, recipe),
    patchSize,
    micronsPerPixel,
    overlap,
    slideChecksum: slide.image?.checksum ?? "",
    slideMicronsX: recipe.slideMicronsX,
    slideMicronsY: recipe.slideMicronsY,
    sizePixels,
    patches: header.rows,
    tissueShare: coveredShare(header, slide.image, sizePixels),
    declared: {
      layout: payload.layout,
      places: header.declared.hasPlaces ? "LEVEL_0_PIXELS" : "ROWS",
      sizeFrom,
      attributes: header.declared.attributes,
    },
    software: { histoql: app.version },
  });
  const { x, y, rows } = header;
  if (!grid.isNew) return { id: grid.id, patchIds: await readPatchIdsAt(client, grid.id, x, y) };
  const cells = Int32Array.from({ length: rows }, (_, row) => row);
  // The file says which patches are tissue, not how much of them is.
  await copyPatches(app.database, client, grid.id, { cells, x, y, tissueShare: new Float32Array(rows).fill(1) });
  return { id: grid.id, patchIds: Float64Array.from(cells, (cell) => patchId(grid.id, cell)) };
};

async function* toVectorBatches(
  features: OpenedFeatures,
  header: SlideHeader,
  slide: KnownSlide,
  patchIds: Float64Array,
): AsyncGenerator<VectorBatch> {
  const { dims } = header;
  for await (const { from, halves } of features.batches(header)) {
    const ids = patchIds.subarray(from, from + halves.length / dims);
    yield { patchIds: ids, slideId: slide.id, patientId: slide.patientId, dims, halves };
  }
}

const hasSameVectors = async (features: OpenedFeatures, header: SlideHeader, digest: string): Promise<boolean> => {
  for await (const _ of features.batches(header));
  return (await features.digest()) === digest;
};

/** A file replaces what a slide had: of two parts in two files only the last one would stay. */
const torn = (slideKey: string): HistoError =>
  new HistoError("CONFLICT", `Slide "${slideKey}" has rows in several places of this import.`, {
    fix: "Sort by slide, and write all rows of a slide into one file.",
  });

/**
 * Takes in one slide; what is stored already of the same vectors stays as it is.
 * @returns the feature set's id
 * @throws HistoError BAD_ARGUMENT, CONFLICT, DIMENSION_MISMATCH, RESOLUTION_UNKNOWN, NOT_FINITE, LIMIT_EXCEEDED
 */
export const importSlide = async (work: SlideImport, header: SlideHeader, slideKey: string): Promise<number> => {
  const { app, client, payload, features } = work;
  requireNameableCells(header.rows, 1, slideKey);
  const slide = await ensureSlide(work, header, slideKey);
  if (header.declared.hasPlaces) requireInside(header, slide.image);
  const recipe = importedRecipe(header, payload, slide.image);
  const set = await ensureSet(work, recipe, header.dims);
  const grid = await ensureGrid(work, header, slide, recipe);
  const place = { featureSetId: set.id, slideId: slide.id, gridId: grid.id };
  await lockImportedSlide(client, place);
  const before = await readVectorsDigest(client, place);
  if (before !== null && (await hasSameVectors(features, header, before))) return set.id;
  if (isTable(payload.layout) && (await isOfThisImport(client, place, work.jobId))) throw torn(slideKey);
  await beginImportedSlide(client, place);
  const batches = toVectorBatches(features, header, slide, grid.patchIds);
  const vectors = await copyVectors(app.database, client, set.id, batches, work.oid);
  if (vectors !== header.rows) throw new Error("A file gave fewer vectors than it said.");
  await completeImportedSlide(client, { ...place, vectors, digest: await features.digest() });
  return set.id;
};
