import { endianness } from "node:os";
import { BINARY_HEADER, BINARY_TRAILER, type Chunks, copyIn } from "./copyIn.ts";
import type { Database, Queryable } from "./database.ts";
import { appendVectors, type VectorBatch, vectorTable } from "./vectors.ts";

/**
 * Vectors in PostgreSQL's binary COPY format, for imports: the server parses nothing and the statement is planned once.
 * Format: PostgreSQL documentation, COPY, "Binary Format"; for the vector itself pgvector's halfvec_send.
 */

const FIELDS = 4;
/** Behind the field count and the id's length. */
const ID_AT = 2 + 4;
/** Field count, and four fields (8, 4, 4 bytes and the vector), each behind its length. */
const FIXED_BYTES = 2 + (4 + 8) + (4 + 4) + (4 + 4) + 4;
const VECTOR_HEADER_BYTES = 4;

const TWO_TO_32 = 2 ** 32;
const mustSwap = endianness() === "LE";

/** What all rows of a batch begin with; the id is written over it. */
const rowStart = ({ slideId, patientId, dims }: VectorBatch): Buffer => {
  const start = Buffer.alloc(FIXED_BYTES + VECTOR_HEADER_BYTES);
  start.writeInt16BE(FIELDS, 0);
  start.writeInt32BE(8, 2);
  start.writeInt32BE(4, ID_AT + 8);
  start.writeInt32BE(slideId, ID_AT + 12);
  start.writeInt32BE(4, ID_AT + 16);
  start.writeInt32BE(patientId, ID_AT + 20);
  start.writeInt32BE(VECTOR_HEADER_BYTES + dims * 2, ID_AT + 24);
  start.writeInt16BE(dims, ID_AT + 28);
  return start;
};

const encodedBytes = ({ patchIds, dims }: VectorBatch): number =>
  patchIds.length * (FIXED_BYTES + VECTOR_HEADER_BYTES + dims * 2);

/** Rows of one batch: `(patch_id int8, slide_id int4, patient_id int4, v halfvec)`. @param buffer of `encodedBytes` */
const encodeBatch = (batch: VectorBatch, buffer: Buffer): Buffer => {
  const { patchIds, dims, halves } = batch;
  const start = rowStart(batch);
  const numbers = Buffer.from(halves.buffer, halves.byteOffset, halves.byteLength);
  const vectorBytes = dims * 2;
  for (let row = 0, at = 0; row < patchIds.length; row++) {
    const id = patchIds[row] as number;
    const high = Math.floor(id / TWO_TO_32);
    start.copy(buffer, at);
    buffer.writeInt32BE(high, at + ID_AT);
    buffer.writeUInt32BE(id - high * TWO_TO_32, at + ID_AT + 4);
    at += start.length;
    numbers.copy(buffer, at, row * vectorBytes, (row + 1) * vectorBytes);
    // Network order.
    if (mustSwap) buffer.subarray(at, at + vectorBytes).swap16();
    at += vectorBytes;
  }
  return buffer;
};

export type VectorBatches = AsyncIterable<VectorBatch> | Iterable<VectorBatch>;

/**
 * The bytes of a whole COPY of these batches, one chunk a batch, in two pieces of memory in turns, as `copyIn` allows: a
 * million vectors in pieces of their own kept the garbage collector busier than everything else.
 */
export async function* encodeCopy(batches: VectorBatches): AsyncGenerator<Buffer> {
  const memories: Buffer[] = [Buffer.alloc(0), Buffer.alloc(0)];
  yield BINARY_HEADER;
  for await (const batch of batches) {
    const bytes = encodedBytes(batch);
    const memory = memories.shift() as Buffer;
    const buffer = memory.length < bytes ? Buffer.allocUnsafeSlow(bytes) : memory;
    memories.push(buffer);
    yield encodeBatch(batch, buffer.subarray(0, bytes));
  }
  yield BINARY_TRAILER;
}

export const copyEncoded = (client: Queryable, featureSetId: number, chunks: Chunks): Promise<number> =>
  copyIn(
    client,
    `COPY ${vectorTable(featureSetId)} (patch_id, slide_id, patient_id, v) FROM STDIN (FORMAT binary)`,
    chunks,
  );

/**
 * Appends many batches of vectors as they come, all or (inside of a transaction, or on a server) none. The embedded database
 * takes them batch by batch, since its socket knows no COPY.
 * @param client of a transaction; the batches must not come from a query over the same client
 * @param oid of halfvec, asked before the transaction began
 * @returns vectors written
 * @throws the server's error for a vector that is there already or whose dimension is another; what the batches threw
 */
export const copyVectors = async (
  database: Database,
  client: Queryable,
  featureSetId: number,
  batches: VectorBatches,
  oid: number,
): Promise<number> => {
  if (database.kind === "given") return copyEncoded(client, featureSetId, encodeCopy(batches));
  let written = 0;
  for await (const batch of batches) {
    await appendVectors(client, featureSetId, batch, oid);
    written += batch.patchIds.length;
  }
  return written;
};
