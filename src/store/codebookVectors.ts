import { int8Array } from "./binaryArrays.ts";
import type { Queryable } from "./database.ts";
import { decodeHalfRows } from "./halfvecRows.ts";
import { MAX_CELLS } from "./patches.ts";
import { vectorTable } from "./vectors.ts";

/** A slide's patches in a feature set: one range of patch ids. */
export type SlideRange = { slideId: number; gridId: number; patches: number };

const SLIDES_PER_STATEMENT = 500;

/**
 * Ids of the patches that have vectors, slide after slide in the order given, ascending within a slide: the same order on
 * every database. 8 bytes each.
 * @returns null when a slide no longer has as many vectors as it should
 */
export const readPatchIds = async (
  client: Queryable,
  featureSetId: number,
  slides: readonly SlideRange[],
): Promise<Float64Array | null> => {
  const ids = new Float64Array(slides.reduce((sum, { patches }) => sum + patches, 0));
  let read = 0;
  for (let from = 0; from < slides.length; from += SLIDES_PER_STATEMENT) {
    const some = slides.slice(from, from + SLIDES_PER_STATEMENT);
    const { rows } = await client.query<{ ids: number[] | null }>(
      `SELECT ARRAY(SELECT patch_id FROM ${vectorTable(featureSetId)} AS vector
         WHERE vector.patch_id >= grid.id::int8 * ${MAX_CELLS} AND vector.patch_id < (grid.id::int8 + 1) * ${MAX_CELLS}
         ORDER BY patch_id) AS ids
       FROM unnest($1::int[]) WITH ORDINALITY AS grid (id, place) ORDER BY place`,
      [some.map(({ gridId }) => gridId)],
    );
    for (const [index, slide] of some.entries()) {
      const found = rows[index]?.ids ?? [];
      if (found.length !== slide.patches) return null;
      ids.set(found, read);
      read += found.length;
    }
  }
  return ids;
};

/**
 * Vectors by patch id, in the order asked, as they are stored: binary16 bit patterns `[ids, dims]`. One bytea in hex is
 * the fastest form that both databases give (90k rows of 512 numbers a second on a server; text took three times as long).
 * @returns null when one of them is gone
 */
export const readHalves = async (
  client: Queryable,
  featureSetId: number,
  patchIds: Float64Array,
  dims: number,
): Promise<Uint16Array | null> => {
  const { rows } = await client.query<{ vectors: Buffer | null }>(
    `SELECT string_agg(halfvec_send(vector.v), '' ORDER BY wanted.place) AS vectors
     FROM unnest($1::int8[]) WITH ORDINALITY AS wanted (id, place)
     JOIN ${vectorTable(featureSetId)} AS vector ON vector.patch_id = wanted.id`,
    [int8Array(patchIds)],
  );
  const { rows: found, halves } = decodeHalfRows(
    rows[0]?.vectors ?? Buffer.alloc(0),
    (bytes) => new ArrayBuffer(bytes),
  );
  return found === patchIds.length && halves.length === found * dims ? halves : null;
};

/** Cosine distances of patches to a vector, in the order asked. */
export const readDistances = async (
  client: Queryable,
  featureSetId: number,
  patchIds: readonly number[],
  vector: string,
): Promise<number[]> => {
  const { rows } = await client.query<{ distance: number }>(
    `SELECT vector.v <=> $2::halfvec AS distance FROM unnest($1::int8[]) WITH ORDINALITY AS wanted (id, place)
     JOIN ${vectorTable(featureSetId)} AS vector ON vector.patch_id = wanted.id ORDER BY wanted.place`,
    [patchIds, vector],
  );
  return rows.map(({ distance }) => distance);
};
