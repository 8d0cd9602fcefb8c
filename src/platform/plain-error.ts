import { type ErrorCode, HistoError, isHistoError } from "./errors.ts";

/** An error as it survives a structured clone, which would drop its class and its own fields. */
export type PlainError = { code: ErrorCode | null; message: string; fix?: string; path?: readonly string[] };

export const toPlainError = (error: unknown): PlainError =>
  isHistoError(error)
    ? {
        code: error.code,
        message: error.message,
        ...(error.fix === undefined ? {} : { fix: error.fix }),
        ...(error.inputPath === undefined ? {} : { path: error.inputPath }),
      }
    : { code: null, message: error instanceof Error ? error.message : String(error) };

export const fromPlainError = ({ code, message, ...details }: PlainError): Error =>
  code === null ? new Error(message) : new HistoError(code, message, details);
