import type { Duplex } from "node:stream";
import type { Database } from "./database.ts";

/** What comes first in a COPY stream: signature, flags, and the length of an extension, which is 0. */
const HEADER_BYTES = 19;
/** In the place of a row's field count: there are no more. */
const TRAILER = -1;
/** In front of every message: its kind, and its length without the kind. */
const MESSAGE_HEADER_BYTES = 5;
const COPY_DATA = "d".charCodeAt(0);
const READY_FOR_QUERY = "Z".charCodeAt(0);

/**
 * Rows as they come, gathered in one piece of memory that is used again and again.
 * @property memory holds what is kept, and at least one message behind it; some hundred kilobytes more let it be read faster
 * @property onRow sees one row, whose fields begin at `at` behind their count; it moves what must stay to `kept` and returns
 *   how many bytes from the beginning of the memory are kept from now on
 */
export type RowGatherer = { memory: Buffer; onRow(at: number, kept: number): number };

/** Cuts the bytes of a connection into messages; rows go to the gatherer, all others to `onOther`. */
const createReader = ({ memory, onRow }: RowGatherer, onOther: (message: Buffer, kind: number) => void) => {
  let kept = 0;
  /** Of the memory, behind what is kept: bytes that are no whole message yet. */
  let filled = 0;
  let isFirst = true;
  let failure: { error: unknown } | undefined;

  const takeRow = (start: number): void => {
    const at = isFirst ? start + HEADER_BYTES : start;
    isFirst = false;
    if (failure || memory.readInt16BE(at) === TRAILER) return;
    try {
      kept = onRow(at + 2, kept);
    } catch (error) {
      failure = { error };
    }
  };

  const takeMessages = (): void => {
    let at = kept;
    while (filled - at >= MESSAGE_HEADER_BYTES) {
      const end = at + 1 + memory.readInt32BE(at + 1);
      if (end > filled) break;
      const kind = memory[at] as number;
      if (kind === COPY_DATA) takeRow(at + MESSAGE_HEADER_BYTES);
      else onOther(Buffer.from(memory.subarray(at, end)), kind);
      at = end;
    }
    memory.copyWithin(kept, at, filled);
    filled = kept + filled - at;
  };

  return {
    failure: () => failure,
    read(chunk: Buffer): void {
      for (let from = 0; from < chunk.length; ) {
        const to = Math.min(chunk.length, from + memory.length - filled);
        if (to === from) throw new Error("A row is larger than the memory for rows.");
        chunk.copy(memory, filled, from, to);
        filled += to - from;
        from = to;
        takeMessages();
      }
    },
  };
};

/** The driver's connection, as far as COPY goes; its types leave this out. */
type CopyConnection = { stream: Duplex; query(text: string): void };
type Listener = (chunk: Buffer) => void;

/**
 * Runs `COPY … TO STDOUT (FORMAT binary)` on a connection of its own, which goes back to the pool at the end. Until then the
 * connection's bytes are read here and not by the driver, which would make three objects of every row. Nothing waits for
 * whoever uses the rows: ask for no more than fits in memory.
 * The database must be a server; the embedded one's socket cannot do this.
 * Format: PostgreSQL documentation, COPY, "Binary Format", "Message Formats" and "Message Flow" (one message is one row).
 * @throws what the server said, or `onRow` threw
 */
export const copyOut = async (database: Database, statement: string, gatherer: RowGatherer): Promise<void> => {
  const client = await database.pool.connect();
  let broken: Error | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      let stream: Duplex | undefined;
      let driver: Listener[] = [];
      const hand = (bytes: Buffer) => {
        for (const listener of driver) listener(bytes);
      };
      const giveBack = () => {
        stream?.off("data", read);
        for (const listener of driver) stream?.on("data", listener);
      };
      const reader = createReader(gatherer, (message, kind) => {
        if (kind === READY_FOR_QUERY) giveBack();
        hand(message);
      });
      const read = (chunk: Buffer) => {
        try {
          reader.read(chunk);
        } catch (error) {
          stream?.destroy(error as Error);
        }
      };
      // What the driver calls while this is the connection's active query.
      const query = {
        submit(connection: CopyConnection) {
          stream = connection.stream;
          driver = stream.listeners("data") as Listener[];
          for (const listener of driver) stream.off("data", listener);
          stream.on("data", read);
          connection.query(statement);
        },
        handleCommandComplete: () => {},
        handleError: reject,
        handleReadyForQuery: () => {
          const failure = reader.failure();
          if (failure) reject(failure.error);
          else resolve();
        },
      };
      (client as unknown as { query(query: object): void }).query(query);
    });
  } catch (error) {
    broken = error as Error;
    throw error;
  } finally {
    client.release(broken);
  }
};
