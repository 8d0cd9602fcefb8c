import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { getStaticFile } from "ruru/static";

/** A ready-made query, opened in a tab under its operation's name. */
export type ExampleQuery = { document: string; variables?: Record<string, unknown> };

const ROUTE = "/graphiql";
const ASSETS = `${ROUTE}/assets/`;
const ONE_DAY_SECONDS = 24 * 60 * 60;

/** Nothing is loaded from elsewhere, and nothing inline runs; the editor writes its style elements itself. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const OWN_FILES = [
  { name: "fetcher.js", type: "text/javascript; charset=utf-8" },
  { name: "graphiql.js", type: "text/javascript; charset=utf-8" },
  { name: "graphiql.css", type: "text/css; charset=utf-8" },
];

const page = (examples: readonly ExampleQuery[]): string => {
  const settings = {
    endpoint: "/graphql",
    assets: ASSETS,
    examples: examples.map(({ document, variables }) => ({
      document: document.trim(),
      ...(variables && { variables: JSON.stringify(variables, null, 2) }),
    })),
  };
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>HistoQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${ASSETS}ruru.css">
<link rel="stylesheet" href="${ROUTE}/graphiql.css">
</head>
<body>
<div id="ruru-root"></div>
<script id="settings" type="application/json">${JSON.stringify(settings).replaceAll("<", "\\u003c")}</script>
<script type="module" src="${ROUTE}/graphiql.js"></script>
</body>
</html>
`;
};

/**
 * GraphiQL at `/graphiql`, and where a browser opens `/` or `/graphql`. Every file comes from this server.
 * @param examples asked for at each visit, so that they can name what has been embedded since the start
 */
export const registerGraphiQL = (
  server: FastifyInstance,
  examples: () => readonly ExampleQuery[] | Promise<readonly ExampleQuery[]>,
): void => {
  server.get("/", (_request, reply) => reply.redirect(ROUTE));

  server.get(ROUTE, async (_request, reply) =>
    reply
      .header("content-security-policy", CONTENT_SECURITY_POLICY)
      .header("cache-control", "no-store")
      .type("text/html; charset=utf-8")
      .send(page(await examples())),
  );

  for (const { name, type } of OWN_FILES) {
    const content = readFileSync(join(import.meta.dirname, "../../web", name));
    server.get(`${ROUTE}/${name}`, (_request, reply) =>
      reply.header("cache-control", "no-cache").type(type).send(content),
    );
  }

  server.get(`${ASSETS}*`, async (request, reply) => {
    const file = await getStaticFile({
      staticPath: ASSETS,
      urlPath: request.url,
      acceptEncoding: request.headers["accept-encoding"],
      disallowDevAssets: true,
    });
    if (!file) return reply.callNotFound();
    return reply
      .headers({ ...file.headers, vary: "accept-encoding", "cache-control": `max-age=${ONE_DAY_SECONDS}` })
      .send(file.content);
  });
};
