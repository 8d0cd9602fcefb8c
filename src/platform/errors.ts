/** Every code that a caller can meet; the same list as the `ErrorCode` enum of the schema (a test compares them). */
export const ERROR_CODES = [
  "BAD_ARGUMENT",
  "NOT_FOUND",
  "CONFLICT",
  "FORBIDDEN",
  "LIMIT_EXCEEDED",
  "FILE_NOT_FOUND",
  "FORMAT_UNSUPPORTED",
  "SLIDE_CORRUPT",
  "SLIDE_HAS_NO_IMAGE",
  "RESOLUTION_UNKNOWN",
  "NOT_BRIGHTFIELD",
  "NO_TISSUE",
  "MIXED_STAINS",
  "ENCODER_HAS_NO_MODEL",
  "DIMENSION_MISMATCH",
  "NOT_AN_IMAGE",
  "NOT_FINITE",
  "COLUMN_UNKNOWN",
  "VALUE_UNPARSABLE",
  "DUPLICATE_KEY",
  "TYPE_MISMATCH",
  "TOO_FEW_PATIENTS",
  "ALL_CENSORED",
  "CLASS_TOO_SMALL",
  "LEAKAGE",
  "MODEL_INCOMPATIBLE",
  "STORE_TOO_SMALL",
  "INTERNAL",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export type ErrorDetails = {
  /** What to do about it, in one sentence. */
  fix?: string | undefined;
  /** Path into the input that was refused, such as `["grid", "patchSize"]`. */
  path?: readonly string[] | undefined;
  cause?: unknown;
};

/**
 * An expected failure, meant for the person who asked.
 * `message` names the thing by its public key: never a patient name, directory or file name.
 */
export class HistoError extends Error {
  readonly code: ErrorCode;
  readonly fix: string | undefined;
  /** Named apart from `path`, by which graphql-js takes an error for one that it has located already. */
  readonly inputPath: readonly string[] | undefined;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = "HistoError";
    this.code = code;
    this.fix = details.fix;
    this.inputPath = details.path;
  }
}

export const isHistoError = (error: unknown): error is HistoError => error instanceof HistoError;

/** For the end of a switch over a union: the compiler refuses a forgotten case, and so does the running program. */
export class UnreachableCaseError extends Error {
  constructor(value: never) {
    super(`Unreachable case: ${JSON.stringify(value)}`);
    this.name = "UnreachableCaseError";
  }
}
