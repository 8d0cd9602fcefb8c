import { AsyncLocalStorage } from "node:async_hooks";

/** `signal` tells that the work must stop: the client has gone, or the time is up. Undefined while nothing may stop it. */
export type QueryScope = { signal: AbortSignal | undefined };

/**
 * The query that the running code serves: the database cancels the statements of one whose signal is aborted. Nothing else
 * (jobs, mutations, start-up) is ever cancelled.
 */
export const queryScope = new AsyncLocalStorage<QueryScope>();
