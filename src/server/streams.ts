import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type FormattedExecutionResult, GraphQLError } from "graphql";
import { z } from "zod";
import { LIMITS } from "../platform/limits.ts";
import { namedFormat, type StreamFormat, streamFormat } from "./streamFormats.ts";
import { type GraphQLRequest, isSubscription, STREAMS_FIX } from "./subscriptions.ts";

export type StreamOptions = {
  /** Runs one request; ends by itself or when the signal aborts. */
  run: (request: FastifyRequest, body: GraphQLRequest, signal: AbortSignal) => AsyncGenerator<FormattedExecutionResult>;
  /** Under which name the streams of a client are counted. */
  viewerName: (request: FastifyRequest) => string;
  heartbeatMs?: number;
};

/** Shorter than what proxies wait for, as a rule a minute. */
const HEARTBEAT_MS = 12_000;

const bodySchema = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

const readBody = (body: unknown): GraphQLRequest | undefined => bodySchema.safeParse(body).data;

const IDLE = Symbol("idle");

/** The values of `source`, and IDLE whenever there was none for `idleMs`. */
async function* withPauses<Value>(source: AsyncGenerator<Value>, idleMs: number): AsyncGenerator<Value | typeof IDLE> {
  let next = source.next();
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const idle = new Promise<typeof IDLE>((resolve) => {
        timer = setTimeout(resolve, idleMs, IDLE);
      });
      const result = await Promise.race([next, idle]);
      clearTimeout(timer);
      if (result === IDLE) yield IDLE;
      else if (result.done) return;
      else {
        yield result.value;
        next = source.next();
      }
    }
  } finally {
    // Nobody waits for the one that was asked for last.
    next.catch(() => {});
    await source.return(undefined);
  }
}

async function* write(
  results: AsyncGenerator<FormattedExecutionResult>,
  format: StreamFormat,
  heartbeatMs: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  yield format.open;
  for await (const result of withPauses(results, heartbeatMs)) {
    yield result === IDLE ? format.heartbeat : format.event(result);
  }
  // A stream that the server's end cuts off is not complete, and does not look so.
  if (!signal?.aborted) yield format.close;
}

async function* once(result: FormattedExecutionResult): AsyncGenerator<FormattedExecutionResult> {
  yield result;
}

const refusal = (code: string, message: string, fix: string): FormattedExecutionResult => ({
  errors: [new GraphQLError(message, { extensions: { code, fix } }).toJSON()],
});

/**
 * Subscriptions as streams, by POST to `/graphql/stream`; with JSON alone, which a page on another site cannot send unasked.
 * The server's end ends every stream.
 * @returns answers a POST to `/graphql` if it is a subscription whose client names a format in `Accept`
 */
export const registerStreams = (
  server: FastifyInstance,
  { run, viewerName, heartbeatMs = HEARTBEAT_MS }: StreamOptions,
): ((request: FastifyRequest, reply: FastifyReply) => FastifyReply | undefined) => {
  const open = new Map<string, Set<AbortController>>();

  server.addHook("preClose", async () => {
    for (const streams of open.values()) for (const controller of streams) controller.abort();
  });

  const begin = (name: string, reply: FastifyReply): AbortSignal | undefined => {
    const streams = open.get(name) ?? new Set();
    if (streams.size >= LIMITS.streams) return undefined;
    const controller = new AbortController();
    open.set(name, streams.add(controller));
    reply.raw.once("close", () => {
      streams.delete(controller);
      if (streams.size === 0) open.delete(name);
      controller.abort();
    });
    return controller.signal;
  };

  const answer = (request: FastifyRequest, reply: FastifyReply, body: GraphQLRequest, format: StreamFormat) => {
    const signal = begin(viewerName(request), reply);
    const results = signal
      ? run(request, body, signal)
      : once(
          refusal(
            "LIMIT_EXCEEDED",
            `${LIMITS.streams} streams are open already.`,
            "Close some first, or ask for several jobs by `jobs` now and then.",
          ),
        );
    return (
      reply
        .header("content-type", format.contentType)
        .header("cache-control", "no-store")
        // Some proxies would collect events until a buffer is full.
        .header("x-accel-buffering", "no")
        .send(Readable.from(write(results, format, heartbeatMs, signal), { objectMode: false }))
    );
  };

  server.post("/graphql/stream", async (request, reply) => {
    const body = readBody(request.body);
    if (!body) return reply.code(400).send(refusal("BAD_REQUEST", "The request has no query.", STREAMS_FIX));
    const format = streamFormat(request.headers.accept);
    if (format) return answer(request, reply, body, format);
    return reply
      .code(406)
      .send(refusal("BAD_REQUEST", "This address answers with streams.", "Accept text/event-stream."));
  });

  return (request, reply) => {
    const format = namedFormat(request.headers.accept);
    const body = format && readBody(request.body);
    return format && body && isSubscription(body) ? answer(request, reply, body, format) : undefined;
  };
};
