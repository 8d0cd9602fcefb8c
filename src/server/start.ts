import type { AddressInfo } from "node:net";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { GraphQLContext } from "../modules/context.ts";
import { createLoaders } from "../modules/loaders.ts";
import { LOCAL_VIEWER, type Viewer } from "../platform/authorisation.ts";
import { HistoError } from "../platform/errors.ts";
import type { RunningApp } from "./app.ts";
import { addBulkRoutes } from "./bulk.ts";
import { createServer, LOOPBACK_NAMES } from "./createServer.ts";
import { addGeoJsonRoutes } from "./geoJson.ts";
import type { ExampleQuery } from "./graphiql.ts";
import { addPictureRoutes } from "./pictures.ts";
import { createSchema } from "./schema.ts";
import { addUploadRoutes } from "./uploads.ts";

const LOOPBACK = new Set(["127.0.0.1", "::1", "localhost"]);

/** Without tokens, whoever reaches the port is the local viewer; so nobody else may reach it. */
const requireLoopback = (host: string): void => {
  if (LOOPBACK.has(host)) return;
  throw new HistoError("FORBIDDEN", `This version serves on this machine only; ${host} could be reached by others.`, {
    fix: "Listen on 127.0.0.1 and reach it through an SSH tunnel: ssh -L 4000:127.0.0.1:4000 <this machine>",
    path: ["host"],
  });
};

/** Answers under way may end; a connection that asks nothing, as browsers open ahead, must not hold the end up. */
const CLOSE_AFTER_MS = 2000;

const closeServer = async (server: FastifyInstance): Promise<void> => {
  const timer = setTimeout(() => server.server.closeAllConnections(), CLOSE_AFTER_MS);
  await server.close();
  clearTimeout(timer);
};

export type StartOptions = {
  /** Queries that the page opens with. */
  examples?: () => readonly ExampleQuery[] | Promise<readonly ExampleQuery[]>;
  /** Who asks; the person at this machine by default. */
  viewerOf?: (request: FastifyRequest) => Viewer;
  /** How long a query may take. */
  queryMs?: number;
  /** How often a stream on which nothing happens says that it lives. */
  heartbeatMs?: number;
};

/**
 * Serves an app over HTTP.
 * @throws HistoError FORBIDDEN for an address that others can reach, CONFLICT when the port is taken
 */
export const startServer = async (
  app: RunningApp,
  { examples, viewerOf = () => LOCAL_VIEWER, queryMs, heartbeatMs }: StartOptions = {},
): Promise<{ url: string; close(): Promise<void> }> => {
  const { host, port } = app.config;
  requireLoopback(host);
  const server = await createServer<GraphQLContext>({
    schema: createSchema(),
    log: app.log,
    hostNames: LOOPBACK_NAMES,
    ...(examples && { examples }),
    ...(queryMs !== undefined && { queryMs }),
    ...(heartbeatMs !== undefined && { heartbeatMs }),
    viewerName: (request) => viewerOf(request).name,
    routes: (instance) => {
      addPictureRoutes(instance, app);
      addUploadRoutes(instance, app);
      addBulkRoutes(instance, app);
      addGeoJsonRoutes(instance, app);
    },
    context: async (request, signal) => ({
      app,
      viewer: viewerOf(request),
      loaders: createLoaders(app),
      baseUrl: `${request.protocol}://${request.host}`,
      signal,
    }),
  });
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new HistoError("CONFLICT", `Port ${port} is in use by another program.`, {
      fix: "Choose another with --port, or 0 for a free one.",
      path: ["port"],
    });
  }
  const { port: bound } = server.server.address() as AddressInfo;
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`, close: () => closeServer(server) };
};
