import { makeExecutableSchema } from "@graphql-tools/schema";
import type { FastifyInstance } from "fastify";
import { GraphQLScalarType, getIntrospectionQuery } from "graphql";
import { serverAudits } from "graphql-http";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HistoError } from "../platform/errors.ts";
import { createServer, LOOPBACK_NAMES } from "./createServer.ts";

const SECRET = "/srv/slides/Jane Doe.svs";
const logged: string[] = [];

const schema = makeExecutableSchema({
  typeDefs: `
    scalar Even
    type Query { hello: String, self: Query!, expected: String!, internal: String, aborted: String, nothing: String!, take(even: Even): Int, named(name: String! = "x"): String }
    type Mutation { change: Boolean }
  `,
  resolvers: {
    Even: new GraphQLScalarType({
      name: "Even",
      parseValue: (value) => {
        if (value === 2) return value;
        throw new HistoError("NOT_FINITE", "Not even.", { fix: "Send 2." });
      },
    }),
    Query: {
      hello: () => "world",
      self: () => ({}),
      expected: () => {
        throw new HistoError("RESOLUTION_UNKNOWN", "Slide a1 has no resolution.", {
          fix: "setSlideResolution",
        });
      },
      internal: () => {
        throw new Error(`cannot open ${SECRET}`);
      },
      aborted: () => {
        throw new DOMException("gone", "AbortError");
      },
      nothing: () => null,
      take: (_parent: unknown, { even }: { even: number }) => even,
      named: (_parent: unknown, { name }: { name: string }) => name,
    },
  },
});
let server: FastifyInstance;
let url: string;

beforeAll(async () => {
  server = await createServer({
    schema,
    context: async () => ({}),
    log: pino({ level: "debug" }, { write: (line: string) => logged.push(line) }),
    hostNames: LOOPBACK_NAMES,
    maxBodyBytes: 100_000,
    examples: () => [{ document: "query Greeting { hello } # </script><script>", variables: { a: 1 } }],
    routes: (scope) => {
      scope.get("/boom", () => {
        throw new Error(SECRET);
      });
    },
  });
  url = await server.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(() => server.close());
beforeEach(() => {
  logged.length = 0;
});

const ask = async (query: string, variables: Record<string, unknown> = {}) => {
  const response = await server.inject({ method: "POST", url: "/graphql", payload: { query, variables } });
  return { status: response.statusCode, text: response.body, ...response.json() };
};

test("no answer may be kept by whoever passes it on", async () => {
  const headers = { "apollo-require-preflight": "1" };
  for (const url of ["/graphql?query={hello}", "/graphql?query={expected}"]) {
    const response = await server.inject({ method: "GET", url, headers });
    expect(response.headers["cache-control"]).toBe("no-store");
  }
});

describe("GraphQL over HTTP", () => {
  const withPreflight: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      headers: { ...Object.fromEntries(new Headers(init?.headers)), "apollo-require-preflight": "1" },
    });

  for (const audit of serverAudits({ url: () => `${url}/graphql`, fetchFn: withPreflight })) {
    test(audit.name, async () => {
      const result = await audit.fn();
      // What the specification only recommends may differ; what it requires may not.
      expect(result, "reason" in result ? result.reason : "").toMatchObject({
        status: expect.not.stringMatching("error"),
      });
    });
  }

  test("a form on another site cannot ask anything", async () => {
    const form = await server.inject({ method: "GET", url: "/graphql?query={hello}", headers: { accept: "*/*" } });
    expect(form.statusCode).toBe(400);
    const text = {
      method: "POST" as const,
      url: "/graphql",
      headers: { "content-type": "text/plain" },
      payload: '{"query":"{hello}"}',
    };
    expect((await server.inject(text)).statusCode).toBeGreaterThanOrEqual(400);
  });

  test("a mutation by GET is refused", async () => {
    const response = await server.inject({
      method: "GET",
      url: "/graphql?query=mutation{change}",
      headers: { "apollo-require-preflight": "1" },
    });
    expect(response.statusCode).toBe(405);
  });
});

describe("an error", () => {
  test("that was expected shows code and fix, also where the field may not be null", async () => {
    const { errors, data } = await ask("{ expected }");
    expect(data).toBeNull();
    expect(errors).toEqual([
      {
        message: "Slide a1 has no resolution.",
        locations: [{ line: 1, column: 3 }],
        path: ["expected"],
        extensions: { code: "RESOLUTION_UNKNOWN", fix: "setSlideResolution" },
      },
    ]);
    expect(logged.join("")).not.toContain("internal error");
  });

  test("from inside shows nothing but the request under which the log holds it", async () => {
    const { errors, data, text } = await ask("{ hello internal }");
    expect(data).toEqual({ hello: "world", internal: null });
    expect(errors[0].extensions).toEqual({
      code: "INTERNAL_SERVER_ERROR",
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(text).not.toContain("Jane");
    const line = logged.find((entry) => entry.includes("internal error")) ?? "";
    expect(line).toContain(errors[0].extensions.requestId);
  });

  test("of the executor itself is masked too", async () => {
    const { errors } = await ask("{ nothing }");
    expect(errors[0].extensions.code).toBe("INTERNAL_SERVER_ERROR");
  });

  test("because the client is gone is none of the server's", async () => {
    expect((await ask("{ aborted }")).errors[0].extensions.code).toBe("REQUEST_ABORTED");
    expect(logged.join("")).not.toContain("internal error");
  });

  test.each([
    ["a variable", "query($even: Even) { take(even: $even) }", { even: 3 }],
    ["the query", "{ take(even: 3) }", {}],
  ])("of a scalar in %s keeps the scalar's code and fix", async (_where, query, variables) => {
    const { errors } = await ask(query, variables);
    expect(errors[0]).toMatchObject({ message: "Not even.", extensions: { code: "NOT_FINITE", fix: "Send 2." } });
  });

  test.each([
    ["a syntax error", "{ hello", "GRAPHQL_PARSE_FAILED"],
    ["an unknown field", "{ helo }", "GRAPHQL_VALIDATION_FAILED"],
    ["a null where none may be", "query($name: String = null) { named(name: $name) }", "BAD_USER_INPUT"],
  ])("for %s tells the caller's mistake", async (_what, query, code) => {
    expect((await ask(query)).errors[0].extensions.code).toBe(code);
  });

  test("in another route is masked like those of fields", async () => {
    const response = await server.inject("/boom");
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain("Jane");
    expect(response.json().errors[0].extensions.requestId).toBe(response.headers["x-request-id"]);
  });
});

describe("a limit", () => {
  const nested = (depth: number) => `{ ${"self { ".repeat(depth - 1)} hello ${"}".repeat(depth - 1)} }`;

  test("holds for the depth of a query, fragments included", async () => {
    expect((await ask(nested(16))).errors).toBeUndefined();
    expect((await ask(nested(17))).errors[0].extensions).toMatchObject({
      code: "LIMIT_EXCEEDED",
      fix: expect.any(String),
    });
    const throughFragments = `${nested(9).replace("hello", "...F")} fragment F on Query ${nested(9)}`;
    expect((await ask(throughFragments)).errors[0].extensions.code).toBe("LIMIT_EXCEEDED");
  });

  test("on depth takes no exponential time over fragments", async () => {
    const fragments = Array.from(
      { length: 40 },
      (_, i) => `fragment F${i} on Query { ...F${i + 1} self { ...F${i + 1} } }`,
    );
    const begun = performance.now();
    const { errors } = await ask(`{ ...F0 } ${fragments.join(" ")} fragment F40 on Query { hello }`);
    expect(errors[0].extensions.code).toMatch(/LIMIT_EXCEEDED|GRAPHQL_VALIDATION_FAILED/);
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  test("does not stop introspection", async () => {
    expect((await ask(getIntrospectionQuery({ oneOf: true }))).errors).toBeUndefined();
  });

  test("holds for the size of a request", async () => {
    const { status, errors } = await ask(`{ hello } #${"x".repeat(200_000)}`);
    expect(status).toBe(413);
    expect(errors[0].extensions.code).toBe("LIMIT_EXCEEDED");
  });

  test("holds for the names under which a browser reaches a loopback server", async () => {
    const response = await server.inject({ url: "/health", headers: { host: "rebound.example:4000" } });
    expect(response.statusCode).toBe(421);
    expect((await server.inject({ url: "/health", headers: { host: "127.0.0.1:4000" } })).json()).toEqual({
      status: "ok",
    });
  });
});

describe("GraphiQL", () => {
  test("opens where a browser looks for it", async () => {
    for (const path of ["/", "/graphql"]) {
      const response = await server.inject({ url: path, headers: { accept: "text/html,*/*" } });
      expect([response.statusCode, response.headers.location]).toEqual([302, "/graphiql"]);
    }
  });

  test("comes with every file from this server, under a strict policy", async () => {
    const page = await server.inject("/graphiql");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect(page.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(page.headers["x-content-type-options"]).toBe("nosniff");
    expect(page.body).not.toMatch(/https?:\/\//);
    expect(page.body.match(/<script/g)).toHaveLength(2);
    const files = [...page.body.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map((match) => match[1] ?? "");
    expect(files).toHaveLength(3);
    for (const file of [
      ...files,
      "/graphiql/fetcher.js",
      "/graphiql/assets/ruru.js",
      "/graphiql/assets/graphqlWorker.js",
    ]) {
      const response = await server.inject(file);
      expect([file, response.statusCode, response.headers["x-content-type-options"]]).toEqual([file, 200, "nosniff"]);
    }
    expect((await server.inject("/graphiql/assets/../../package.json")).statusCode).toBe(404);
  });

  test("gets its ready-made queries as data, which cannot break out of it", async () => {
    const { body } = await server.inject("/graphiql");
    const settings = /<script id="settings" type="application\/json">(.*?)<\/script>/s.exec(body)?.[1] ?? "";
    expect(JSON.parse(settings).examples).toEqual([
      { document: "query Greeting { hello } # </script><script>", variables: '{\n  "a": 1\n}' },
    ]);
  });
});
