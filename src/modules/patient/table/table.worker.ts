import { readFile } from "node:fs/promises";
import { parentPort, workerData } from "node:worker_threads";
import { isHistoError } from "../../../platform/errors.ts";
import { toPlainError } from "../../../platform/plain-error.ts";
import {
  type Interpretation,
  interpretTable,
  type PatientRecord,
  type SlideRecord,
  type Values,
} from "./interpretTable.ts";
import { readTable } from "./readTable.ts";
import type { TableJob, TableMessage } from "./tableThread.ts";

/** Reads a table in a thread of its own, and hands out what it says in chunks, each as one JSON text. */

const ROWS_PER_CHUNK = 1000;

const { source, options, meaning, known } = workerData as TableJob;

const send = (message: TableMessage): void => parentPort?.postMessage(message);

/** Each chunk as the store's bulk statements take it. Written out by hand: every record has the same keys, in order. */
function* chunksOf({ patients, slides, attributes }: Interpretation): Generator<TableMessage, undefined> {
  const names = attributes.map(({ key }) => `${JSON.stringify(key)}:`);
  const clinical = (values: Values): string => {
    let json = "";
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (value === undefined) continue;
      json += `${json === "" ? "" : ","}${names[index]}${typeof value === "string" ? JSON.stringify(value) : value}`;
    }
    return `{${json}}`;
  };
  const patient = ({ key, clinical: values, survival }: PatientRecord): string =>
    `{"key":"${key}","clinical":${clinical(values)},"survival":${JSON.stringify(survival)}}`;
  const slide = ({ key, patient: owner, clinical: values }: SlideRecord): string =>
    `{"key":"${key}","patient":"${owner}","clinical":${clinical(values)}}`;
  for (let from = 0; from < patients.length; from += ROWS_PER_CHUNK) {
    const part = patients.slice(from, from + ROWS_PER_CHUNK);
    yield { kind: "patients", json: `[${part.map(patient).join(",")}]`, count: part.length };
  }
  for (let from = 0; from < slides.length; from += ROWS_PER_CHUNK) {
    const part = slides.slice(from, from + ROWS_PER_CHUNK);
    yield { kind: "slides", json: `[${part.map(slide).join(",")}]`, count: part.length };
  }
  return undefined;
}

try {
  const content = source.text ?? new Uint8Array(await readFile(source.file));
  const table = await readTable(content, options);
  const interpreted = interpretTable(table, meaning, known);
  const { attributes, endpoints, unlinked, conflicts } = interpreted;
  send({ kind: "plan", attributes, endpoints, unlinked, conflicts });
  const chunks = chunksOf(interpreted);
  parentPort?.on("message", () => {
    const { value } = chunks.next();
    send(value ?? { kind: "end" });
  });
} catch (error) {
  if (!isHistoError(error)) throw error;
  send({ kind: "refused", error: toPlainError(error) });
}
