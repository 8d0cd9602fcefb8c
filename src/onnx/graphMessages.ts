import { type ErrorCode, HistoError, isHistoError } from "../platform/errors.ts";
import type { GraphSessionOptions } from "./session.ts";

/** Numbers of a tensor as they travel between threads; half precision as its 16 bits. */
export type TensorData =
  | { type: "float32"; dims: readonly number[]; data: Float32Array }
  | { type: "float16"; dims: readonly number[]; data: Uint16Array }
  | { type: "int32"; dims: readonly number[]; data: Int32Array };

export type GraphRun = {
  graph: string;
  feeds: Readonly<Record<string, TensorData>>;
  /** Inputs that are read from what the thread keeps: input → slot. */
  kept?: Readonly<Record<string, string>> | undefined;
  /** Outputs that the thread keeps: output → slot. */
  keep?: Readonly<Record<string, string>> | undefined;
  /** Outputs that are sent back. */
  fetch: readonly string[];
};

export type GraphWorkerData = GraphSessionOptions & { niceness: number };

export type GraphRequest =
  | { kind: "open"; id: number; graph: string; model: Uint8Array }
  | ({ kind: "run"; id: number } & GraphRun)
  | { kind: "put"; id: number; slot: string; tensor: TensorData }
  | { kind: "get"; id: number; slot: string }
  | { kind: "close" };

export type GraphReply =
  | { kind: "done"; id: number; outputs: Record<string, TensorData>; tookMs: number }
  | { kind: "failed"; id: number; error: PlainError };

/** An error as it survives a structured clone, which would drop its class and its own fields. */
type PlainError = {
  code: ErrorCode | null;
  message: string;
  fix?: string | undefined;
  path?: readonly string[] | undefined;
};

export const toPlainError = (error: unknown): PlainError =>
  isHistoError(error)
    ? { code: error.code, message: error.message, fix: error.fix, path: error.inputPath }
    : { code: null, message: error instanceof Error ? error.message : String(error) };

export const fromPlainError = ({ code, message, ...details }: PlainError): Error =>
  code === null ? new Error(message) : new HistoError(code, message, details);
