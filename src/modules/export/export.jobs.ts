import { extname } from "node:path";
import type { FeatureBatch, FeatureTable } from "../../formats/featureTable.ts";
import { mergeBatches } from "../../formats/mergeBatches.ts";
import { startCallThread } from "../../onnx/call-thread.ts";
import { HistoError } from "../../platform/errors.ts";
import { recordProgress } from "../../queue/jobs.ts";
import type { JobHandler } from "../../queue/queue.ts";
import type { App } from "../context.ts";
import { openExport } from "./export.open.ts";
import { changed, exportBatches, READ_BYTES } from "./export.rows.ts";
import type { ParquetCalls } from "./parquet.calls.ts";

/** A file of an export. `last` is the global id of its last patch, behind which the next one begins. */
export type Shard = { rows: number; bytes: number; sha256: string; last: string };

export type ExportPayload = { exportId: string };

/** Of vectors in single precision in one file: its numbers are JavaScript's while it is written. */
const SHARD_BYTES = 32 * 2 ** 20;

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./parquet.worker${extname(import.meta.url)}`, import.meta.url);

type Encoder = { encode(batch: FeatureBatch): Promise<Uint8Array>; close(): Promise<void> };

const openParquet = async (table: FeatureTable): Promise<Encoder> => {
  const thread = await startCallThread<ParquetCalls, null>(WORKER, "parquet", null);
  await thread.call("begin", table);
  return { encode: (batch) => thread.call("encode", batch), close: () => thread.close() };
};

const lastId = ({ rows, ids: { offsets, bytes } }: FeatureBatch): string =>
  Buffer.from(bytes.subarray(offsets[rows - 1], offsets[rows])).toString("latin1");

/**
 * Of vectors of few numbers the rest of a row is the larger part: texts, of which JavaScript makes an object each.
 */
const MOST_ROWS = 2 ** 17;

const rowsOf = (shards: readonly Shard[]): number => shards.reduce((sum, { rows }) => sum + rows, 0);

const gone = (): HistoError =>
  new HistoError("NOT_FOUND", "The feature set of the export is gone.", { fix: "Export another one." });

/** Files of an expired export would be opened by nobody, and swept away. */
const requireTime = ({ expiresAt }: { expiresAt: Date }): void => {
  if (expiresAt.getTime() > Date.now()) return;
  throw new HistoError("CONFLICT", "The export has expired before its files were written.", {
    fix: "Ask exportFeatures for it again.",
  });
};

/**
 * Writes the files of an export into the artefact store, one after the other; then its manifest. A job that is killed goes on
 * behind the last file that it had written.
 * @param shardBytes of vectors in single precision in one file
 */
export const runExportJob =
  (app: App, shardBytes: number = SHARD_BYTES): JobHandler =>
  async (job, signal) => {
    const { exportId: id } = job.payload as ExportPayload;
    const row = await app.prisma.export.findUnique({ where: { id }, include: { featureSet: true } });
    if (!row?.featureSet) throw gone();
    const shards = row.shards as Shard[];
    const { table, request } = await openExport(app, { row, featureSet: row.featureSet }, shards.at(-1)?.last);
    const progress = () => ({ done: rowsOf(shards), total: row.rows });
    await app.database.transaction((client) => recordProgress(client, job, { ...progress(), restart: true }));
    // The export's id makes its files unlike those of any other one, so that they can be taken away with it.
    const metadata = { ...table.metadata, rows: row.rows, after: null, export: id };
    const encoder = await openParquet({ ...table, metadata });
    try {
      // In half precision: what is read at a time makes no more than one file.
      const readBytes = Math.min(READ_BYTES, shardBytes / 2);
      const rowsAShard = Math.min(MOST_ROWS, Math.max(1, Math.floor(shardBytes / (table.dims * 4))));
      const batches = exportBatches(app.database, { ...request, readBytes }, signal);
      for await (const batch of mergeBatches(batches, rowsAShard)) {
        signal.throwIfAborted();
        requireTime(row);
        const bytes = await encoder.encode(batch);
        const sha256 = await app.artefacts.put(bytes);
        shards.push({ rows: batch.rows, bytes: bytes.length, sha256, last: lastId(batch) });
        await app.database.transaction(async (client) => {
          // First, because it makes sure that the job still is this worker's.
          await recordProgress(client, job, progress());
          await client.query("UPDATE export SET shards = $2::jsonb WHERE id = $1", [id, JSON.stringify(shards)]);
        });
      }
    } finally {
      await encoder.close();
    }
    // Those before an interruption were counted before it.
    if (rowsOf(shards) !== row.rows) throw changed();
    const manifest = {
      ...metadata,
      after: undefined,
      format: row.format,
      files: shards.map(({ rows, bytes, sha256 }) => ({ rows, bytes, sha256 })),
    };
    const digest = await app.artefacts.put(Buffer.from(JSON.stringify(manifest)));
    await app.database.transaction(async (client) => {
      await recordProgress(client, job, progress());
      await client.query("UPDATE export SET manifest_digest = $2 WHERE id = $1", [id, digest]);
    });
  };
