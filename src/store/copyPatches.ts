import { BINARY_HEADER, BINARY_TRAILER, copyIn } from "./copyIn.ts";
import type { Database, Queryable } from "./database.ts";
import { insertPatches, type PatchColumns, patchId } from "./patches.ts";

/** Patches in PostgreSQL's binary COPY format, for imports. */

/** Field count, and four fields (8, 4, 4, 4 bytes), each behind its length. */
const ROW_BYTES = 2 + (4 + 8) + 3 * (4 + 4);

const ROWS_PER_CHUNK = 50_000;

const encodeRows = (gridId: number, { cells, x, y, tissueShare }: PatchColumns, from: number, to: number): Buffer => {
  const buffer = Buffer.allocUnsafe((to - from) * ROW_BYTES);
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  for (let row = from, at = 0; row < to; row++, at += ROW_BYTES) {
    view.setInt16(at, 4);
    view.setInt32(at + 2, 8);
    view.setBigInt64(at + 6, BigInt(patchId(gridId, cells[row] as number)));
    view.setInt32(at + 14, 4);
    view.setInt32(at + 18, x[row] as number);
    view.setInt32(at + 22, 4);
    view.setInt32(at + 26, y[row] as number);
    view.setInt32(at + 30, 4);
    view.setFloat32(at + 34, tissueShare[row] as number);
  }
  return buffer;
};

/** The bytes of a whole COPY of a grid's patches. */
function* encodePatches(gridId: number, patches: PatchColumns): Generator<Buffer> {
  yield BINARY_HEADER;
  for (let from = 0; from < patches.cells.length; from += ROWS_PER_CHUNK) {
    yield encodeRows(gridId, patches, from, Math.min(patches.cells.length, from + ROWS_PER_CHUNK));
  }
  yield BINARY_TRAILER;
}

/** Writes a grid's patches, all or none; the embedded database, whose socket knows no COPY, takes them as arrays. */
export const copyPatches = async (
  database: Database,
  client: Queryable,
  gridId: number,
  patches: PatchColumns,
): Promise<void> => {
  if (database.kind !== "given") return insertPatches(client, gridId, patches);
  await copyIn(
    client,
    "COPY features.patch (id, x, y, tissue_share) FROM STDIN (FORMAT binary)",
    encodePatches(gridId, patches),
  );
};
