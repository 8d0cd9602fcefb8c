/**
 * Vectors as pgvector's halfvec_send writes them: dimensions and 16 unused bits, then binary16 numbers with the high byte
 * first. Source: pgvector, halfvec.c.
 */

/** In front of each vector's numbers. */
const HALFVEC_HEADER_BYTES = 4;

/**
 * The numbers of vectors as one matrix of binary16 bit patterns `[rows, dims]`. A copy of its own: buffers of the driver are
 * shared, and may lie at odd places.
 * @param raws one vector each, as it was sent
 * @param memory of just their size; shared, where threads are to read it
 */
export const halvesOf = <Memory extends ArrayBuffer | SharedArrayBuffer>(
  raws: readonly Uint8Array[],
  dims: number,
  memory: Memory,
): Uint16Array<Memory> => {
  const bytes = new Uint8Array(memory);
  for (const [row, raw] of raws.entries()) bytes.set(raw.subarray(HALFVEC_HEADER_BYTES), row * dims * 2);
  // The wire is big-endian, and so far every machine that this runs on is not.
  Buffer.from(memory).swap16();
  return new Uint16Array(memory);
};

/** `[rows, dims]` binary16 bit patterns. */
export type HalfRows<Memory extends ArrayBufferLike> = { rows: number; dims: number; halves: Uint16Array<Memory> };

/** Vectors that were sent end to end, into memory that `allocate` gives for so many bytes. */
export const decodeHalfRows = <Memory extends ArrayBuffer | SharedArrayBuffer>(
  bytes: Buffer,
  allocate: (bytes: number) => Memory,
): HalfRows<Memory> => {
  const dims = bytes.length === 0 ? 0 : bytes.readUInt16BE(0);
  const rowBytes = HALFVEC_HEADER_BYTES + 2 * dims;
  const rows = bytes.length === 0 ? 0 : bytes.length / rowBytes;
  const raws = Array.from({ length: rows }, (_, row) => bytes.subarray(row * rowBytes, (row + 1) * rowBytes));
  return { rows, dims, halves: halvesOf(raws, dims, allocate(rows * dims * 2)) };
};
