import type { FeatureTable } from "../../formats/featureTable.ts";
import type { RowsRequest } from "./export.rows.ts";

/** Where the thread finds the database. */
export type StreamData = { url: string; schema: string };

/** What a thread that makes streams is asked, one stream at a time. */
export type StreamCalls = {
  begin: { args: { table: FeatureTable; request: RowsRequest }; result: null };
  /** The next bytes, in shared memory that is written again when the same slot is asked for again; null at the end. */
  next: { args: { slot: 0 | 1 }; result: Uint8Array<SharedArrayBuffer> | null };
  /** Whether or not it has come to its end. Urgent: `next` rejects before it reads the database again. */
  end: { args: null; result: null };
};
