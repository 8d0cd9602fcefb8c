import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { ApolloServerErrorCode } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { isHistoError } from "../platform/errors.ts";
import type { Logger } from "../platform/logging.ts";
import { queryScope } from "../platform/queryScope.ts";
import { isUnavailable } from "../store/unavailable.ts";

/** The id of the request that is being served, for errors that are formatted far from it. */
export const requestIds = new AsyncLocalStorage<string>();

/** Errors of the request itself: what Apollo says about them is about the caller's own words. */
const ABOUT_THE_REQUEST = new Set<unknown>([
  ApolloServerErrorCode.GRAPHQL_PARSE_FAILED,
  ApolloServerErrorCode.GRAPHQL_VALIDATION_FAILED,
  ApolloServerErrorCode.BAD_USER_INPUT,
  ApolloServerErrorCode.BAD_REQUEST,
  ApolloServerErrorCode.OPERATION_RESOLUTION_FAILURE,
  ApolloServerErrorCode.PERSISTED_QUERY_NOT_SUPPORTED,
  "LIMIT_EXCEEDED",
]);

/** Client gone: nobody reads the answer, and nothing is wrong here. */
export const REQUEST_ABORTED = "REQUEST_ABORTED";

/** The database cannot be asked: it restarts, or the way to it is broken. Passing, as a rule. */
const DATABASE_UNAVAILABLE = "DATABASE_UNAVAILABLE";

const DATABASE_FIX =
  "Ask again in a moment; the server connects by itself once the database is back. Look first whether a mutation was made: its answer may be all that was lost.";

/** The error that was thrown, out of the GraphQL errors that were wrapped around it. */
const rootCause = (error: unknown): unknown => {
  let cause = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
};

/** Whatever failed after its query was stopped (a driver wraps what it was told) failed because of that. */
const stopReason = (): unknown => {
  const signal = queryScope.getStore()?.signal;
  return signal?.aborted ? signal.reason : undefined;
};

/** The parser has no code of its own for what is too long. */
const isTooLong = (error: unknown): boolean =>
  error instanceof GraphQLError && /^Syntax Error: Document contains more that? \d+ tokens/.test(error.message);

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === "AbortError";

/** A null that a variable's type allows and the argument does not is found only while executing, and gets no code. */
const isArgumentError = (error: unknown): boolean =>
  error instanceof GraphQLError && error.message.startsWith('Argument "');

/**
 * What a caller gets to see of an error: an expected failure with its code and fix, a mistake in the request as it is,
 * anything else as INTERNAL_SERVER_ERROR with the id under which the log holds the whole of it.
 */
export const createErrorFormatter =
  (log: Logger) =>
  (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const { locations, path } = formatted;
    const place = { ...(locations && { locations }), ...(path && { path }) };
    const thrown = rootCause(error);
    const cause = isHistoError(thrown) ? thrown : (stopReason() ?? thrown);
    if (isHistoError(cause)) {
      const { code, fix, inputPath } = cause;
      return {
        ...place,
        message: cause.message,
        extensions: { code, ...(fix && { fix }), ...(inputPath && { inputPath }) },
      };
    }
    if (isAbort(cause)) {
      return { ...place, message: "The request was aborted.", extensions: { code: REQUEST_ABORTED } };
    }
    if (isTooLong(cause)) {
      const fix = "Pass long lists and vectors as variables.";
      return { ...place, message: "The query has too many tokens.", extensions: { code: "LIMIT_EXCEEDED", fix } };
    }
    if (cause instanceof GraphQLError) {
      // Apollo writes its own code over the one of a validation rule, which the cause still holds.
      const ownCode = isArgumentError(cause) ? ApolloServerErrorCode.BAD_USER_INPUT : cause.extensions.code;
      const code = ownCode ?? formatted.extensions?.code;
      const { fix } = cause.extensions;
      if (ABOUT_THE_REQUEST.has(code)) {
        return { ...place, message: formatted.message, extensions: { code, ...(typeof fix === "string" && { fix }) } };
      }
    }
    if (isUnavailable(cause)) {
      log.warn({ reason: cause instanceof Error ? cause.message : String(cause), field: path?.join(".") }, "database");
      const extensions = { code: DATABASE_UNAVAILABLE, fix: DATABASE_FIX };
      return { ...place, message: "The database cannot be reached at the moment.", extensions };
    }
    const requestId = requestIds.getStore() ?? randomUUID();
    log.error({ requestId, err: cause, field: path?.join(".") }, "internal error");
    return { ...place, message: internalMessage(requestId), extensions: internalExtensions(requestId) };
  };

export const internalMessage = (requestId: string): string =>
  `Something went wrong inside the server. Its log tells what, under request ${requestId}.`;

export const internalExtensions = (requestId: string): Record<string, unknown> => ({
  code: ApolloServerErrorCode.INTERNAL_SERVER_ERROR,
  requestId,
});
