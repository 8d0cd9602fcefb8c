import { AsyncLocalStorage } from "node:async_hooks";
import type { ServerResponse } from "node:http";
import type { ApolloServerPlugin } from "@apollo/server";
import type { FastifyRequest } from "fastify";
import { HistoError } from "../platform/errors.ts";
import { type QueryScope, queryScope } from "../platform/queryScope.ts";

type RequestScope = {
  signal: AbortSignal;
  query: QueryScope;
  /** From now on the request is one that may be stopped: a query. */
  begin(): void;
};

const scopes = new WeakMap<FastifyRequest, RequestScope>();
const running = new AsyncLocalStorage<RequestScope>();

const tooLong = (queryMs: number): HistoError =>
  new HistoError("LIMIT_EXCEEDED", `The query took longer than ${queryMs / 1000} seconds and was stopped.`, {
    fix: "Narrow its filters, ask for smaller pages, or ask for its parts one by one.",
  });

/**
 * Stops a query whose client goes away, or that takes longer than `queryMs`. A mutation is never stopped: what it changes
 * is changed whole, whether or not somebody waits for the answer.
 */
export const createRequestScope = (response: ServerResponse, queryMs: number): RequestScope => {
  const controller = new AbortController();
  const query: QueryScope = { signal: undefined };
  return {
    signal: controller.signal,
    query,
    begin() {
      query.signal = controller.signal;
      const timer = setTimeout(() => controller.abort(tooLong(queryMs)), queryMs);
      response.once("close", () => {
        clearTimeout(timer);
        if (!response.writableFinished) controller.abort(new DOMException("The client has gone.", "AbortError"));
      });
    },
  };
};

/** Work that is stopped like a query, for one that is part of something longer: an event of a stream. */
export const runAsQuery = async <Result>(
  client: AbortSignal,
  queryMs: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> => {
  const time = new AbortController();
  const timer = setTimeout(() => time.abort(tooLong(queryMs)), queryMs);
  const signal = AbortSignal.any([client, time.signal]);
  try {
    return await queryScope.run({ signal }, () => work(signal));
  } finally {
    clearTimeout(timer);
  }
};

/** Everything that `next` starts belongs to the request. */
export const runInScope = (request: FastifyRequest, scope: RequestScope, next: () => void): void => {
  scopes.set(request, scope);
  queryScope.run(scope.query, () => running.run(scope, next));
};

export const signalOf = (request: FastifyRequest): AbortSignal =>
  scopes.get(request)?.signal ?? new AbortController().signal;

/** Tells a request's scope that it serves a query, once that is known. */
export const queryTimePlugin = (): ApolloServerPlugin => ({
  requestDidStart: async () => ({
    didResolveOperation: async ({ operation }) => {
      if (operation?.operation === "query") running.getStore()?.begin();
    },
  }),
});
