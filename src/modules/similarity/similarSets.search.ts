import { unitRows } from "../../learning/setDistanceRows.ts";
import { askSetThread } from "../../learning/setDistanceThread.ts";
import type { Database } from "../../store/database.ts";
import type { Mosaic, SetSlide } from "../../store/setVectors.ts";
import { type NearPatch, nearestByMean, nearestToMean } from "../../store/setVectorsNearest.ts";
import { loadMosaics } from "./similarSets.mosaics.ts";

/** Patches that are given as the reason of a hit. */
const BECAUSE = 5;
/** Mosaics that are compared at a time; an abort waits for no more than these. */
const SLIDES_AT_A_TIME = 32;

/** A slide, or a patient with his slides, whose summaries are there. */
export type SetCandidate = { id: number; slides: readonly SetSlide[] };

export type SetSearch = {
  database: Database;
  featureSetId: number;
  /** What candidates are. */
  subject: "slide" | "patient";
  query: readonly SetSlide[];
  candidates: readonly SetCandidate[];
  first: number;
  signal: AbortSignal;
};

export type SetHit = { id: number; distance: number };

export type SetSearchResult = {
  /** Nearest first; equal distances by id. */
  hits: SetHit[];
  /** Vectors that were compared. */
  scanned: number;
  /** Patches that made the hits what they are, in the order of the hits, nearest first. */
  because(): Promise<NearPatch[][]>;
};

const slideIds = (slides: readonly SetSlide[]): number[] => slides.map(({ slideId }) => slideId);

/** By mean vectors, in the database. */
export const searchByMean = async (search: SetSearch): Promise<SetSearchResult> => {
  const { database, featureSetId, query, candidates, first, subject } = search;
  const members = candidates.flatMap(({ id, slides }) => slides.map(({ slideId }) => ({ id, slideId })));
  const groups = { slideIds: members.map(({ slideId }) => slideId), groups: members.map(({ id }) => id) };
  const found = await nearestByMean(database, featureSetId, slideIds(query), groups, first);
  const hits = found.map(({ group, distance }) => ({ id: group, distance }));
  const among = { column: `${subject}_id`, ids: hits.map(({ id }) => id) } as const;
  return {
    hits,
    scanned: members.length,
    because: () => nearestToMean(database, featureSetId, slideIds(query), among, BECAUSE),
  };
};

/** Candidates in turn, some 32 slides at a time. */
const batchesOf = (candidates: readonly SetCandidate[]): SetCandidate[][] => {
  const batches: SetCandidate[][] = [];
  let slides = Infinity;
  for (const candidate of candidates) {
    if (slides + candidate.slides.length > SLIDES_AT_A_TIME) {
      batches.push([]);
      slides = 0;
    }
    batches.at(-1)?.push(candidate);
    slides += candidate.slides.length;
  }
  return batches;
};

/** Unit vectors of several mosaics, one after the other. */
const unitRowsOf = (mosaics: readonly Mosaic[]): Float32Array => {
  const parts = mosaics.map(unitRows);
  const rows = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    rows.set(part, offset);
    offset += part.length;
  }
  return rows;
};

type Compared = SetHit & { because: NearPatch[] };

/** By the median of minima over mosaics, in a thread; while it computes, the next mosaics are read. */
export const searchByMosaic = async (search: SetSearch): Promise<SetSearchResult> => {
  const { database, featureSetId, first, signal } = search;
  const load = (slides: readonly SetSlide[]) => loadMosaics(database, featureSetId, slides);
  const own = [...(await load(search.query)).values()];
  const query = unitRowsOf(own);
  const dims = own[0]?.dims ?? 0;
  const compared: Compared[] = [];
  let scanned = 0;

  const compare = async (batch: readonly SetCandidate[], mosaics: ReadonlyMap<number, Mosaic>): Promise<void> => {
    const found = batch.flatMap(({ id, slides }) => {
      const parts = slides.flatMap((slide) => {
        const mosaic = mosaics.get(slide.slideId);
        return mosaic ? [{ slide, mosaic }] : [];
      });
      return parts.length > 0 ? [{ id, parts }] : [];
    });
    const candidates = found.map(({ parts }) =>
      parts.map(({ mosaic: { rows, dims: of, halves } }) => ({ rows, dims: of, halves })),
    );
    scanned += candidates.flat().reduce((sum, { rows }) => sum + rows, 0);
    const request = { query, dims, candidates, nearest: BECAUSE };
    const distances = await askSetThread({ kind: "median", request }, signal);
    distances.forEach(({ distance, nearest }, index) => {
      const { id, parts } = found[index] as (typeof found)[number];
      const because = nearest.map((patch): NearPatch => {
        const { slide, mosaic } = parts[patch.part] as (typeof parts)[number];
        const patchId = mosaic.patchIds[patch.row] as number;
        return { patchId, slideId: slide.slideId, patientId: slide.patientId, distance: patch.distance };
      });
      compared.push({ id, distance, because });
    });
  };

  const batches = batchesOf(search.candidates);
  const slidesOf = (batch: readonly SetCandidate[] | undefined) => batch?.flatMap(({ slides }) => slides) ?? [];
  let next = load(slidesOf(batches[0]));
  for (const [index, batch] of batches.entries()) {
    const mosaics = await next;
    next = load(slidesOf(batches[index + 1]));
    // Should the comparison fail, nobody waits for what is read meanwhile.
    next.catch(() => {});
    await compare(batch, mosaics);
  }
  const hits = compared.sort((a, b) => a.distance - b.distance || a.id - b.id).slice(0, first);
  return { hits, scanned, because: () => Promise.resolve(hits.map(({ because }) => because)) };
};
