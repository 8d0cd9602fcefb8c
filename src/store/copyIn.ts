import type { Duplex } from "node:stream";
import type pg from "pg";
import type { Queryable } from "./database.ts";

/** The driver's connection, as far as COPY goes; its types leave this out. */
type CopyConnection = {
  stream: Duplex;
  query(text: string): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
};

/** What a COPY in binary format begins and ends with (PostgreSQL documentation, COPY, "Binary Format"). */
export const BINARY_HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
export const BINARY_TRAILER = Buffer.from([0xff, 0xff]);

export type Chunks = AsyncIterable<Buffer> | Iterable<Buffer>;

const COPY_DATA = "d".charCodeAt(0);

/**
 * One CopyData message, without the copy that the driver would make of it.
 * @returns resolves when the socket has taken it, or never will
 */
const writeChunk = (stream: Duplex, chunk: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const header = Buffer.allocUnsafe(5);
    header[0] = COPY_DATA;
    header.writeInt32BE(4 + chunk.length, 1);
    stream.cork();
    stream.write(header);
    stream.write(chunk, () => resolve());
    stream.uncork();
  });

/**
 * Streams `COPY … FROM STDIN` over a client's connection, no faster than the socket takes it, so that memory stays flat.
 * The client must be one of a server, in or out of a transaction; the embedded database's socket cannot do this.
 * @param chunks in the form that the statement names; together one COPY stream. When a chunk is asked for, only the last one may
 *   still be on its way: two pieces of memory in turns are enough
 * @returns rows copied
 * @throws what the source of the chunks threw, or what the server said; then nothing was copied
 */
export const copyIn = (client: Queryable, statement: string, chunks: Chunks): Promise<number> =>
  new Promise((resolve, reject) => {
    let isOver = false;
    let sourceFailure: { error: unknown } | undefined;
    let rows = 0;

    const send = async (connection: CopyConnection): Promise<void> => {
      let taken = Promise.resolve();
      try {
        for await (const chunk of chunks) {
          // Only now: while the socket was taking the chunk before, this one was made.
          await taken;
          if (isOver) return;
          taken = writeChunk(connection.stream, chunk);
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
