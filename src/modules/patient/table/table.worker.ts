import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { isHistoError } from "../../../platform/errors.ts";
import { interpretTable } from "./interpretTable.ts";
import { readTable } from "./readTable.ts";
import type { TableJob, TableMessage } from "./tableThread.ts";

/** Reads a table in a thread of its own, and hands out what it says in chunks, each as one JSON text. */

const ROWS_PER_CHUNK = 1000;

const { source, options, meaning, known } = workerData as TableJob;

const send = (message: TableMessage): void => parentPort?.postMessage(message);

function* chunksOf(): Generator<TableMessage, undefined> {
  for (const [kind, records] of [
    ["patients", patients],
    ["slides", slides],
  ] as const) {
    for (let from = 0; from < records.length; from += ROWS_PER_CHUNK) {
      const part = records.slice(from, from + ROWS_PER_CHUNK);
      yield { kind, json: JSON.stringify(part), count: part.length };
    }
  }
  return undefined;
}

let patients: readonly object[] = [];
let slides: readonly object[] = [];

try {
  const content = source.text ?? new Uint8Array(await readFile(source.file));
  const table = await readTable(content, options);
  const interpreted = interpretTable(table, meaning, known);
  ({ patients, slides } = interpreted);
  const { attributes, endpoints, unlinked, conflicts } = interpreted;
  send({ kind: "plan", attributes, endpoints, unlinked, conflicts });
  const chunks = chunksOf();
  parentPort?.on("message", () => {
    const { value } = chunks.next();
    send(value ?? { kind: "end" });
  });
} catch (error) {
  if (!isHistoError(error)) throw error;
  const { code, message, fix, inputPath } = error;
  send({ kind: "refused", code, message, fix, path: inputPath });
}
