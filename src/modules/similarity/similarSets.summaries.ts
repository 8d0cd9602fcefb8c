import { createLimiter } from "../../inference/limiter.ts";
import { MOSAIC_PATCHES, placesAt } from "../../learning/setDistanceMosaic.ts";
import { askSetThread } from "../../learning/setDistanceThread.ts";
import { HistoError } from "../../platform/errors.ts";
import type { Database } from "../../store/database.ts";
import {
  type NewSummary,
  readHalfRows,
  readSlidePlaces,
  readSummarised,
  type SlidePlaces,
  writeSummaries,
} from "../../store/setVectors.ts";

/** Slides that are read at a time: some 20 MB of vectors. */
const BATCH = 8;
/** A query makes what is missing for so long; then it says how far it came. */
const QUERY_MAKES_MS = 15_000;

const limiters = new WeakMap<object, ReturnType<typeof createLimiter>>();

/** Two queries that miss the same summaries must not both make them. */
const limiterOf = (database: Database) => {
  const known = limiters.get(database.pool);
  if (known) return known;
  const made = createLimiter(1);
  limiters.set(database.pool, made);
  return made;
};

const isSmall = ({ patchIds }: SlidePlaces): boolean => patchIds.length <= MOSAIC_PATCHES;

/** All of a small slide is its mosaic; of the others patches are chosen by their vectors. */
const choose = async (
  database: Database,
  featureSetId: number,
  slides: readonly SlidePlaces[],
  signal: AbortSignal | undefined,
): Promise<NewSummary[]> => {
  const large = slides.filter((slide) => !isSmall(slide));
  return [
    ...slides.filter(isSmall),
    ...(large.length > 0 ? await chooseByVectors(database, featureSetId, large, signal) : []),
  ];
};

const chooseByVectors = async (
  database: Database,
  featureSetId: number,
  slides: readonly SlidePlaces[],
  signal: AbortSignal | undefined,
): Promise<NewSummary[]> => {
  const samples = await Promise.all(
    slides.map(async ({ x, y, patchIds }) => ({
      x,
      y,
      patchIds,
      chosen: await askSetThread({ kind: "spread", places: { x, y } }, signal),
    })),
  );
  const candidates = samples.map(({ patchIds, chosen }) => chosen.map((index) => patchIds[index] as number));
  const vectors = await readHalfRows(database, featureSetId, candidates.flat());
  return Promise.all(
    slides.map(async ({ slideId, vectorsState, total, x, y }, slide): Promise<NewSummary> => {
      const ids = candidates[slide] as number[];
      const found = vectors.get(slideId);
      const summary = { slideId, vectorsState, total };
      // Its vectors are being replaced; the summary will be refused.
      if (found?.rows !== ids.length) return { ...summary, patchIds: [] };
      const { chosen } = samples[slide] as (typeof samples)[number];
      const places = placesAt({ x, y }, chosen);
      const mosaic = await askSetThread({ kind: "mosaic", vectors: found, places }, signal);
      return { ...summary, patchIds: mosaic.map((index) => ids[index] as number) };
    }),
  );
};

/**
 * Makes the summaries of slides, mean and mosaic, where they are not there. Of a slide whose vectors are not complete, or
 * change meanwhile, none is made.
 * @param goOn asked after every few slides; false ends it early
 * @returns the slides that have one now
 */
export const summariseSlides = async (
  database: Database,
  featureSetId: number,
  slideIds: readonly number[],
  { goOn = () => true, signal }: { goOn?: () => boolean; signal?: AbortSignal } = {},
): Promise<Set<number>> => {
  const limiter = limiterOf(database);
  await limiter.acquire();
  try {
    const made = new Set(await readSummarised(database, featureSetId, slideIds));
    const missing = slideIds.filter((id) => !made.has(id));
    for (let from = 0; from < missing.length && goOn(); from += BATCH) {
      signal?.throwIfAborted();
      const slides = await readSlidePlaces(database, featureSetId, missing.slice(from, from + BATCH));
      if (slides.length === 0) continue;
      const summaries = await choose(database, featureSetId, slides, signal);
      for (const id of await writeSummaries(database, featureSetId, summaries)) made.add(id);
    }
    return made;
  } finally {
    limiter.release();
  }
};

/**
 * The summaries that a query needs. Embedding makes them, so there is something to do only for vectors of another origin.
 * @returns those of the slides that have one; the vectors of the others are changing at this moment
 * @throws HistoError LIMIT_EXCEEDED when it would take too long; asked again, it goes on where it was
 */
export const requireSummaries = async (
  database: Database,
  featureSetId: number,
  missing: readonly number[],
  signal: AbortSignal,
): Promise<Set<number>> => {
  if (missing.length === 0) return new Set();
  const until = performance.now() + QUERY_MAKES_MS;
  let isOver = false;
  const goOn = () => {
    isOver = performance.now() > until;
    return !isOver;
  };
  const made = await summariseSlides(database, featureSetId, missing, { goOn, signal });
  if (!isOver) return made;
  throw new HistoError(
    "LIMIT_EXCEEDED",
    `Mosaics of ${made.size} of ${missing.length} slides that had none are made; the search needs all of them.`,
    { fix: "Ask again: what is made stays, and each query goes on making more.", path: ["featureSet"] },
  );
};
