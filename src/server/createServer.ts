import { ApolloServer, type BaseContext } from "@apollo/server";
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from "@apollo/server/plugin/disabled";
import { fastifyApolloHandler } from "@as-integrations/fastify";
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyRequest,
  fastify,
  LogController,
} from "fastify";
import type { GraphQLSchema } from "graphql";
import { LIMITS } from "../platform/limits.ts";
import type { Logger } from "../platform/logging.ts";
import { createErrorFormatter, internalExtensions, internalMessage, requestIds } from "./errors.ts";
import { type ExampleQuery, registerGraphiQL } from "./graphiql.ts";
import { maxAliasesRule, maxDepthRule } from "./limits.ts";
import { queryCostPlugin } from "./queryCost.ts";
import { createRequestScope, queryTimePlugin, runInScope, signalOf } from "./requestScope.ts";
import { registerStreams } from "./streams.ts";
import { runSubscription, subscriptionsElsewherePlugin } from "./subscriptions.ts";

export type ServerOptions<Context extends BaseContext> = {
  schema: GraphQLSchema;
  /** Made for each request; `signal` aborts when the client of a query goes away, or the query's time is up. */
  context: (request: FastifyRequest, signal: AbortSignal) => Promise<Context>;
  log: Logger;
  /** Queries that GraphiQL opens; none when omitted. */
  examples?: () => readonly ExampleQuery[] | Promise<readonly ExampleQuery[]>;
  /**
   * Names under which a browser may reach this server; any when omitted. On loopback, where there are no tokens, it
   * stands between the server and a web page elsewhere that points its own name at 127.0.0.1.
   */
  hostNames?: readonly string[];
  /** Further routes, such as pictures. */
  routes?: (server: FastifyInstance) => void;
  maxBodyBytes?: number;
  /** How long a query may take. */
  queryMs?: number;
  /** Who asks, for limits on what one viewer does at the same time; all are one when omitted. */
  viewerName?: (request: FastifyRequest) => string;
  /** How often a stream on which nothing happens says that it lives. */
  heartbeatMs?: number;
};

/** For `hostNames` of a server that listens on loopback. */
export const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

/** The HTTP server, ready to listen: GraphQL at `/graphql`, GraphiQL at `/graphiql`, `/health`, and `routes`. */
export const createServer = async <Context extends BaseContext>(
  options: ServerOptions<Context>,
): Promise<FastifyInstance> => {
  const { schema, context, log, examples = () => [], hostNames, routes } = options;
  const { maxBodyBytes = LIMITS.bodyBytes, queryMs = LIMITS.querySeconds * 1000, heartbeatMs } = options;
  const { viewerName = () => "" } = options;
  // Fastify's own news is that it listens; whoever starts the server tells that in a better place.
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: "warn" });
  const server: FastifyInstance = fastify({
    loggerInstance,
    // Fastify would log whole addresses, and with them the signatures of pictures.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBodyBytes,
    genReqId: () => crypto.randomUUID(),
    return503OnClosing: true,
    // Global ids stand in the addresses of pictures: up to four keys of 100 letters each, in base64.
    routerOptions: { maxParamLength: 1024 },
  });

  server.addHook("onRequest", (request, reply, done) => {
    reply.headers({ ...SECURITY_HEADERS, "x-request-id": request.id });
    if (hostNames && !hostNames.includes(request.hostname)) {
      reply
        .code(421)
        .send(failure("FORBIDDEN", "This server is not known by that name.", "Open it as http://localhost."));
      return;
    }
    requestIds.run(request.id, done);
  });
  server.addHook("onResponse", (request, reply, done) => {
    const { method, id, routeOptions } = request;
    log.debug(
      { requestId: id, method, route: routeOptions.url, status: reply.statusCode, tookMs: reply.elapsedTime },
      "request",
    );
    done();
  });
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    const { status, body } = describe(error, request, maxBodyBytes, log);
    return reply.code(status).send(body);
  });
  server.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(failure("NOT_FOUND", "Nothing is here.", "GraphQL is at /graphql, GraphiQL at /graphiql.")),
  );

  server.get("/health", () => ({ status: "ok" }));
  registerGraphiQL(server, examples);
  routes?.(server);

  const formatError = createErrorFormatter(log);
  const rules = [maxDepthRule(LIMITS.depth), maxAliasesRule(LIMITS.aliases, LIMITS.sameRootField)];
  const apollo = new ApolloServer<Context>({
    schema,
    logger: log,
    formatError,
    csrfPrevention: true,
    introspection: true,
    includeStacktraceInErrorResponses: false,
    maxRecursiveSelections: true,
    parseOptions: { maxTokens: LIMITS.tokens },
    validationRules: rules,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      // No answer may be kept by others; the plugin would look at every field of every answer to find that out.
      ApolloServerPluginCacheControlDisabled(),
      // An APOLLO_KEY that happens to be set must not make this server talk to another one.
      ApolloServerPluginUsageReportingDisabled(),
      subscriptionsElsewherePlugin(),
      queryCostPlugin(LIMITS.cost),
      queryTimePlugin(),
    ],
  });
  await apollo.start();
  // Fastify has answered every request by then.
  server.addHook("onClose", () => apollo.stop());

  await server.register(async (scope) => {
    const answerByStream = registerStreams(scope, {
      viewerName,
      ...(heartbeatMs !== undefined && { heartbeatMs }),
      run: (request, body, signal) =>
        runSubscription(
          body,
          { schema, rules, formatError, queryMs, context: (eventSignal) => context(request, eventSignal) },
          signal,
        ),
    });
    scope.addHook("onRequest", async (request, reply) => {
      const wantsPage = request.method === "GET" && request.headers.accept?.includes("text/html");
      if (wantsPage) return reply.redirect("/graphiql");
    });
    scope.addHook("preHandler", (request, reply, done) => {
      reply.header("cache-control", "no-store");
      runInScope(request, createRequestScope(reply.raw, queryMs), done);
    });
    const answerAtOnce = fastifyApolloHandler(apollo, {
      context: (request) => context(request, signalOf(request)),
    });
    scope.get("/graphql", answerAtOnce);
    scope.post(
      "/graphql",
      (request, reply) => answerByStream(request, reply) ?? answerAtOnce.call(server, request, reply),
    );
  });
  return server;
};

/** An error outside of any field, in the form of a GraphQL answer. */
const failure = (code: string, message: string, fix: string) => ({ errors: [{ message, extensions: { code, fix } }] });

const describe = (
  error: FastifyError,
  request: FastifyRequest,
  maxBodyBytes: number,
  log: Logger,
): { status: number; body: unknown } => {
  const status = error.statusCode ?? 500;
  if (status === 413) {
    const fix = `Send at most ${maxBodyBytes} bytes.`;
    return { status, body: failure("LIMIT_EXCEEDED", "The request is too large.", fix) };
  }
  if (status >= 400 && status < 500) {
    return {
      status,
      body: failure("BAD_REQUEST", error.message, "Send the query as JSON: content-type application/json."),
    };
  }
  log.error({ requestId: request.id, err: error }, "internal error");
  return {
    status: 500,
    body: { errors: [{ message: internalMessage(request.id), extensions: internalExtensions(request.id) }] },
  };
};
