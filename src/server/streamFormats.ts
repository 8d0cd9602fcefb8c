import type { FormattedExecutionResult } from "graphql";

/** How the results of a subscription are written into one answer. */
export type StreamFormat = {
  contentType: string;
  /** Written at once, so that headers leave, and again while nothing happens, so that nobody in between hangs up. */
  open: string;
  heartbeat: string;
  event(result: FormattedExecutionResult): string;
  close: string;
};

/**
 * Server-sent events of the GraphQL over SSE protocol, in its distinct connections mode: one `next` event a result, then
 * `complete`.
 */
const SERVER_SENT_EVENTS: StreamFormat = {
  contentType: "text/event-stream; charset=utf-8",
  open: ":\n\n",
  heartbeat: ":\n\n",
  event: (result) => `event: next\ndata: ${JSON.stringify(result)}\n\n`,
  close: "event: complete\ndata:\n\n",
};

const part = (value: unknown): string =>
  `\r\nContent-Type: application/json; charset=utf-8\r\n\r\n${JSON.stringify(value)}\r\n--graphql`;

/**
 * Apollo's multipart protocol for subscriptions, version 1.0: one JSON part a result. The boundary that ends a part is
 * written with it, for readers that wait for it.
 */
const MULTIPART: StreamFormat = {
  contentType: "multipart/mixed;boundary=graphql;subscriptionSpec=1.0",
  open: `--graphql${part({})}`,
  heartbeat: part({}),
  event: (result) => part({ payload: result }),
  close: "--\r\n",
};

/** The format that an Accept header asks for by name; undefined where it names none. */
export const namedFormat = (accept: string | undefined): StreamFormat | undefined => {
  if (accept?.includes("text/event-stream")) return SERVER_SENT_EVENTS;
  return accept?.includes("multipart/mixed") && accept.includes("subscriptionSpec") ? MULTIPART : undefined;
};

/** The format where only a stream can be the answer: server-sent events, unless another is named. */
export const streamFormat = (accept: string | undefined): StreamFormat | undefined =>
  namedFormat(accept) ?? (accept === undefined || accept.includes("*/*") ? SERVER_SENT_EVENTS : undefined);
