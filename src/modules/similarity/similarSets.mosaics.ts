import type { Database } from "../../store/database.ts";
import { type Mosaic, readMosaics } from "../../store/setVectors.ts";

/** Mosaics that a process keeps: those of some 4000 slides of 672 dimensions. Beyond, they are read at every search. */
const KEPT_BYTES = 512 * 2 ** 20;

type Kept = { mosaics: Map<string, Mosaic>; bytes: number };

const caches = new WeakMap<object, Kept>();

const cacheOf = (database: Database): Kept => {
  const known = caches.get(database.pool);
  if (known) return known;
  const made: Kept = { mosaics: new Map(), bytes: 0 };
  caches.set(database.pool, made);
  return made;
};

const nameOf = (featureSetId: number, slideId: number) => `${featureSetId}/${slideId}`;

const forget = (cache: Kept, name: string): void => {
  cache.bytes -= cache.mosaics.get(name)?.halves.byteLength ?? 0;
  cache.mosaics.delete(name);
};

const keep = (cache: Kept, name: string, mosaic: Mosaic): void => {
  forget(cache, name);
  cache.mosaics.set(name, mosaic);
  cache.bytes += mosaic.halves.byteLength;
  // The one that was used longest ago stands first.
  for (const oldest of cache.mosaics.keys()) {
    if (cache.bytes <= KEPT_BYTES) break;
    forget(cache, oldest);
  }
};

/**
 * Mosaics of slides, by slide id; read where they are not in memory in the state asked for. A slide whose vectors have been
 * replaced meanwhile comes with the new ones; one that has been deleted is left out.
 */
export const loadMosaics = async (
  database: Database,
  featureSetId: number,
  slides: readonly { slideId: number; vectorsState: string | null }[],
): Promise<Map<number, Mosaic>> => {
  const cache = cacheOf(database);
  const found = new Map<number, Mosaic>();
  const missing: number[] = [];
  for (const { slideId, vectorsState } of slides) {
    const name = nameOf(featureSetId, slideId);
    const mosaic = cache.mosaics.get(name);
    if (mosaic?.vectorsState !== vectorsState || !mosaic) {
      missing.push(slideId);
      continue;
    }
    found.set(slideId, mosaic);
    cache.mosaics.delete(name);
    cache.mosaics.set(name, mosaic);
  }
  if (missing.length === 0) return found;
  for (const mosaic of await readMosaics(database, featureSetId, missing)) {
    keep(cache, nameOf(featureSetId, mosaic.slideId), mosaic);
    found.set(mosaic.slideId, mosaic);
  }
  return found;
};
