import { workerData } from "node:worker_threads";
import { encodeArrow } from "../../formats/arrow.ts";
import { serveCalls } from "../../onnx/call-thread.ts";
import { createSharedSlot } from "../../onnx/shared-slot.ts";
import { openDatabase } from "../../store/database.ts";
import type { StreamCalls, StreamData } from "./export.calls.ts";
import { exportBatches } from "./export.rows.ts";

/** Memory that this thread fills and the other one sends; it grows to the largest batch. */
const createSlot = () => {
  const memoryOf = createSharedSlot();
  return (pieces: readonly Uint8Array[]): Uint8Array<SharedArrayBuffer> => {
    const length = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    const bytes = new Uint8Array(memoryOf(length), 0, length);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.byteLength;
    }
    return bytes;
  };
};

await serveCalls<StreamCalls, null>(async () => {
  const { url, schema } = workerData as StreamData;
  const database = await openDatabase({ url, schema, makeSchema: false });
  const slots = [createSlot(), createSlot()] as const;
  let stream: ReturnType<typeof encodeArrow> | undefined;
  let stop = new AbortController();
  const end = async () => {
    stop.abort();
    await stream?.return();
    stream = undefined;
    return null;
  };
  return {
    ready: null,
    handlers: {
      async begin({ table, request }) {
        await end();
        stop = new AbortController();
        stream = encodeArrow(table, exportBatches(database, request, stop.signal));
        return null;
      },
      async next({ slot }) {
        const next = await stream?.next();
        return next?.value ? slots[slot](next.value) : null;
      },
      end,
    },
    // Of `end`; others have arguments.
    isUrgent: (args) => args === null,
    async close() {
      await end();
      await database.close();
    },
  };
});
