import type pg from "pg";
import type { Database } from "./database.ts";

/** What comes first in a COPY stream: signature, flags, and the length of an extension, which is 0. */
const HEADER_BYTES = 19;
/** In the place of a row's field count: there are no more. */
const TRAILER = -1;

/** Sees one row: its fields begin at `at`, behind their count. The bytes are the driver's; copy what must stay. */
export type OnRow = (bytes: Buffer, at: number) => void;

/**
 * Runs `COPY … TO STDOUT (FORMAT binary)` on a connection of its own, which goes back to the pool at the end. Rows are
 * handed on as they come, unread ones wait nowhere: ask for no more than fits in memory.
 * The database must be a server; the embedded one's socket cannot do this.
 * Format: PostgreSQL documentation, COPY, "Binary Format", and "Message Flow" (a message is one row).
 * @throws what the server said, or `onRow` threw
 */
export const copyOut = async (database: Database, statement: string, onRow: OnRow): Promise<void> => {
  const client = await database.pool.connect();
  let failure: { error: unknown } | undefined;
  let isFirst = true;
  const read = (bytes: Buffer): void => {
    const at = isFirst ? HEADER_BYTES : 0;
    isFirst = false;
    if (bytes.readInt16BE(at) !== TRAILER) onRow(bytes, at + 2);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      // What the driver calls while this is the connection's active query.
      const query = {
        submit: (connection: { query(text: string): void }) => connection.query(statement),
        handleCopyData: ({ chunk }: { chunk: Buffer }) => {
          if (failure) return;
          try {
            read(chunk);
          } catch (error) {
            failure = { error };
          }
        },
        handleCommandComplete: () => {},
        handleError: reject,
        handleReadyForQuery: () => (failure ? reject(failure.error) : resolve()),
      };
      (client as unknown as { query(query: unknown): void }).query(query satisfies object);
    });
  } finally {
    (client as pg.PoolClient).release();
  }
};
