import { extname } from "node:path";
import { encodeArrow } from "../../formats/arrow.ts";
import { type CallThread, startCallThread } from "../../onnx/call-thread.ts";
import type { App } from "../context.ts";
import type { StreamCalls, StreamData } from "./export.calls.ts";
import type { OpenedExport } from "./export.open.ts";
import { exportBatches } from "./export.rows.ts";

/**
 * The bytes of a stream. Those of a server's vectors are made in a thread of its own, with a connection of its own: reading
 * gigabytes costs an event loop that also answers queries most of its time, above all for collecting garbage.
 */

type Thread = CallThread<StreamCalls, null>;

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./export.worker${extname(import.meta.url)}`, import.meta.url);

/** Of each database, the thread that waits for the next stream; others end with theirs. */
const waiting = new WeakMap<App["database"], Thread>();

const takeThread = async ({ database }: App, data: StreamData): Promise<Thread> => {
  const thread = waiting.get(database);
  waiting.delete(database);
  return thread ?? startCallThread<StreamCalls, null>(WORKER, "export", data);
};

const giveBack = async ({ database }: App, thread: Thread): Promise<void> => {
  if (waiting.has(database)) return thread.close();
  waiting.set(database, thread);
};

/** Ends the thread that waits. Streams under way must have ended. */
export const closeExportThreads = async ({ database }: Pick<App, "database">): Promise<void> => {
  const thread = waiting.get(database);
  waiting.delete(database);
  await thread?.close();
};

/** Rows times numbers of which the thread would take longer to start than to read them. */
const INLINE_NUMBERS = 2 ** 21;

async function* streamAside(
  app: App,
  { table, request }: OpenedExport,
  data: StreamData,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const thread = await takeThread(app, data);
  const ask = (slot: 0 | 1) => {
    const next = thread.call("next", { slot });
    // Whoever stops early does not ask what became of it.
    next.catch(() => {});
    return next;
  };
  const end = () => thread.call("end", null);
  const stop = () => void end().catch(() => {});
  try {
    await thread.call("begin", { table, request });
    signal.throwIfAborted();
    signal.addEventListener("abort", stop, { once: true });
    let slot: 0 | 1 = 0;
    let next = ask(slot);
    for (let bytes = await next; bytes; bytes = await next) {
      slot = slot === 0 ? 1 : 0;
      next = ask(slot);
      yield bytes;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    // Wherever it stopped; a thread that cannot even do that is of no more use.
    await end().then(
      () => giveBack(app, thread),
      () => thread.close(),
    );
  }
}

async function* streamHere(
  app: App,
  { table, request }: OpenedExport,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const batches = exportBatches(app.database, request, signal);
  for await (const pieces of encodeArrow(table, batches)) yield Buffer.concat(pieces);
}

/**
 * An opened export as the bytes of an Arrow stream. Each piece may be written over when the next one is asked for: send it
 * first.
 * @param signal ends it, with an error, before the next reading of the database
 * @throws HistoError CONFLICT in the middle when vectors change meanwhile
 */
export const streamArrow = (app: App, opened: OpenedExport, signal: AbortSignal): AsyncGenerator<Uint8Array> => {
  const { databaseUrl, schema } = app.config;
  const isSmall = opened.request.rows * opened.table.dims < INLINE_NUMBERS;
  if (databaseUrl === undefined || isSmall) return streamHere(app, opened, signal);
  return streamAside(app, opened, { url: databaseUrl, schema }, signal);
};
