import { once } from "node:events";
import type { Duplex } from "node:stream";
import type pg from "pg";
import type { Queryable } from "./database.ts";

/** The driver's connection, as far as COPY goes; its types leave this out. */
type CopyConnection = {
  stream: Duplex;
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
};

/** What a COPY in binary format begins and ends with (PostgreSQL documentation, COPY, "Binary Format"). */
export const BINARY_HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
export const BINARY_TRAILER = Buffer.from([0xff, 0xff]);

export type Chunks = AsyncIterable<Buffer> | Iterable<Buffer>;

/** Resolves when the socket takes more, or never will. */
const untilWritable = async (stream: Duplex): Promise<void> => {
  if (!stream.writableNeedDrain) return;
  const either = new AbortController();
  const { signal } = either;
  await Promise.race([once(stream, "drain", { signal }), once(stream, "close", { signal })]).finally(() =>
    either.abort(),
  );
};

/**
 * Streams `COPY … FROM STDIN` over a client's connection, no faster than the socket takes it, so that memory stays flat.
 * The client must be one of a server, in or out of a transaction; the embedded database's socket cannot do this.
 * @param chunks in the form that the statement names; together one COPY stream
 * @returns rows copied
 * @throws what the source of the chunks threw, or what the server said; then nothing was copied
 */
export const copyIn = (client: Queryable, statement: string, chunks: Chunks): Promise<number> =>
  new Promise((resolve, reject) => {
    let isOver = false;
    let sourceFailure: { error: unknown } | undefined;
    let rows = 0;

    const send = async (connection: CopyConnection): Promise<void> => {
      try {
        for await (const chunk of chunks) {
          // Only now: while the socket was taking the chunk before, this one was made.
          await untilWritable(connection.stream);
          if (isOver) return;
          connection.sendCopyFromChunk(chunk);
        }
        if (!isOver) connection.endCopyFrom();
      } catch (error) {
        sourceFailure = { error };
        if (!isOver) connection.sendCopyFail("The source of the rows failed.");
      }
    };

    // What the driver calls while this is the connection's active query.
    const query = {
      submit: (connection: unknown) => (connection as CopyConnection).query(statement),
      handleCopyInResponse: (connection: CopyConnection) => void send(connection),
      handleCommandComplete: ({ text }: { text: string }) => {
        rows = Number(text.split(" ")[1]);
      },
      handleError: (error: unknown) => {
        isOver = true;
        reject(sourceFailure ? sourceFailure.error : error);
      },
      handleReadyForQuery: () => {
        isOver = true;
        resolve(rows);
      },
    };
    (client as unknown as pg.ClientBase).query(query);
  });
