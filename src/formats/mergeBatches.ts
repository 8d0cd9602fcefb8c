import type { FeatureBatch } from "./featureTable.ts";

type Numbers = Int32Array | Float32Array | Uint16Array;

const joined = <Values extends Numbers>(parts: readonly Values[], make: (length: number) => Values): Values => {
  const all = make(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

const int32s = (length: number) => new Int32Array(length);

const copied = (batch: FeatureBatch): FeatureBatch => ({
  rows: batch.rows,
  ids: { offsets: batch.ids.offsets.slice(), bytes: batch.ids.bytes.slice() },
  slides: batch.slides.slice(),
  x: batch.x.slice(),
  y: batch.y.slice(),
  phenotypes: batch.phenotypes.slice(),
  attention: batch.attention.slice(),
  halves: batch.halves.slice(),
});

const mergedIds = (parts: readonly FeatureBatch[]): FeatureBatch["ids"] => {
  const lengths = parts.flatMap(({ ids: { offsets } }) =>
    Array.from(
      { length: Math.max(0, offsets.length - 1) },
      (_, row) => (offsets[row + 1] as number) - (offsets[row] as number),
    ),
  );
  const offsets = new Int32Array(lengths.length + 1);
  lengths.forEach((length, row) => {
    offsets[row + 1] = (offsets[row] as number) + length;
  });
  return { offsets, bytes: Buffer.concat(parts.map(({ ids }) => ids.bytes)) };
};

const merged = (parts: readonly FeatureBatch[]): FeatureBatch => {
  const [only, ...more] = parts;
  if (only && more.length === 0) return only;
  return {
    rows: parts.reduce((sum, { rows }) => sum + rows, 0),
    ids: mergedIds(parts),
    slides: joined(
      parts.map(({ slides }) => slides),
      int32s,
    ),
    x: joined(
      parts.map(({ x }) => x),
      int32s,
    ),
    y: joined(
      parts.map(({ y }) => y),
      int32s,
    ),
    phenotypes: joined(
      parts.map(({ phenotypes }) => phenotypes),
      int32s,
    ),
    attention: joined(
      parts.map(({ attention }) => attention),
      (length) => new Float32Array(length),
    ),
    halves: joined(
      parts.map(({ halves }) => halves),
      (length) => new Uint16Array(length),
    ),
  };
};

/**
 * Batches put together until they have `rows` rows or a few more, in memory of their own.
 * @param rows of each but the last one, at least
 */
export async function* mergeBatches(batches: AsyncIterable<FeatureBatch>, rows: number): AsyncGenerator<FeatureBatch> {
  let parts: FeatureBatch[] = [];
  let gathered = 0;
  for await (const batch of batches) {
    parts.push(copied(batch));
    gathered += batch.rows;
    if (gathered < rows) continue;
    yield merged(parts);
    parts = [];
    gathered = 0;
  }
  if (parts.length > 0) yield merged(parts);
}
