import { readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { type DocumentNode, Kind, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LIMITS } from "../src/platform/limits.ts";
import { queryScope } from "../src/platform/queryScope.ts";
import { queryCost } from "../src/server/queryCost.ts";
import { createSchema } from "../src/server/schema.ts";
import { startServer } from "../src/server/start.ts";
import { createWorld, type World } from "./support/world.ts";

/** What one request may ask of the server: each limit has its code, and ordinary queries stay far below. */

const PATIENTS = 20_000;

let world: World;
let server: Awaited<ReturnType<typeof startServer>>;
let hasty: Awaited<ReturnType<typeof startServer>>;

type Answer = {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: string[]; extensions: { code: string; fix?: string } }[];
};

const ask = async (query: string, variables: Record<string, unknown> = {}, url = server.url) => {
  const response = await fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return { status: response.status, ...((await response.json()) as Answer) };
};

const expectLimit = async (query: string, variables: Record<string, unknown> = {}) => {
  const { status, data, errors } = await ask(query, variables);
  expect([status, data ?? null]).toEqual([400, null]);
  expect(errors?.[0]?.extensions).toEqual({ code: "LIMIT_EXCEEDED", fix: expect.any(String) });
  expect(JSON.stringify(errors)).not.toMatch(/\.ts\b|node_modules|\n +at /);
};

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 }, work: false });
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  await world.app.database.query(`INSERT INTO survival_endpoint (study_id, key) SELECT id, 'os' FROM study`);
  await world.app.database.query(
    `INSERT INTO attribute (study_id, key, type, level) SELECT id, 'age', 'NUMBER', 'PATIENT' FROM study`,
  );
  await world.app.database.query(
    `INSERT INTO patient (study_id, key, clinical, survival)
     SELECT id, 'P' || i, jsonb_build_object('age', i % 61), jsonb_build_object('os', jsonb_build_array(i, i % 3 = 0))
     FROM study, generate_series(1, ${PATIENTS}) AS i`,
  );
  server = await startServer(world.app);
  hasty = await startServer(world.app, { queryMs: 1 });
});
afterAll(async () => {
  await server.close();
  await hasty.close();
  await world.close();
});

describe("limit", () => {
  it("of depth", async () => {
    const nested = (times: number) =>
      `{ study(key: "study") { ${"slides(first: 1) { nodes { patient { ".repeat(times)} id ${"} } }".repeat(times)} } }`;
    expect((await ask(nested(4))).errors).toBeUndefined();
    await expectLimit(nested(6));
  });

  it("of cost, in which list sizes multiply", async () => {
    const pages = (first: number) =>
      `{ study(key: "study") { patients(first: ${first}) { nodes { slides(first: ${first}) { nodes { patient { slides(first: ${first}) { nodes { key } } } } } } } } }`;
    expect((await ask(pages(10))).errors).toBeUndefined();
    await expectLimit(pages(100));
  });

  it("of cost, where the sizes are variables or stand in fragments", async () => {
    const document = `query($first: Int = 200) { study(key: "study") { ...S } }
      fragment S on Study { patients(first: $first) { nodes { ...P } } }
      fragment P on Patient { slides(first: $first) { nodes { patient { slides(first: $first) { nodes { key } } } } } }`;
    await expectLimit(document);
    await expectLimit(document, { first: 150 });
    expect((await ask(document, { first: 5 })).errors).toBeUndefined();
  });

  it("of cost, of computing fields beside each other", async () => {
    const analyses = (count: number) =>
      `{ ${Array.from({ length: count }, (_, i) => `a${i}: survival(input: {studyKey: "study", endpoint: "os"}) { groups { curve { survival } } }`).join(" ")} }`;
    await expectLimit(analyses(30));
  });

  it("of aliases", async () => {
    const fields = (count: number) => Array.from({ length: count }, (_, i) => `k${i}: key`).join(" ");
    expect((await ask(`{ study(key: "study") { ${fields(LIMITS.aliases)} } }`)).errors).toBeUndefined();
    await expectLimit(`{ study(key: "study") { ${fields(LIMITS.aliases + 1)} } }`);
  });

  it("of the same field at the root, fragments included", async () => {
    const viewers = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `v${from + i}: viewer { name }`).join(" ");
    expect((await ask(`{ ${viewers(0, LIMITS.sameRootField)} }`)).errors).toBeUndefined();
    await expectLimit(`{ ${viewers(0, 20)} ...F } fragment F on Query { ${viewers(20, 31)} }`);
  });

  it("of tokens", async () => {
    const { errors } = await ask(`{ viewer { ${"name ".repeat(LIMITS.tokens)} } }`);
    expect(errors?.[0]?.extensions).toEqual({ code: "LIMIT_EXCEEDED", fix: expect.any(String) });
  });

  it("of page sizes", async () => {
    const { errors } = await ask('{ patients(filter: {studyKey: "study"}, first: 201) { nodes { key } } }');
    expect(errors?.[0]?.extensions.code).toBe("BAD_ARGUMENT");
  });

  it("of a request's size", async () => {
    const { status, errors } = await ask(`{ viewer { name } } # ${"x".repeat(LIMITS.bodyBytes)}`);
    expect([status, errors?.[0]?.extensions.code]).toEqual([413, "LIMIT_EXCEEDED"]);
  });

  it("of time: the query is stopped, and the error tells it", async () => {
    const { data, errors } = await ask(
      '{ survival(input: {studyKey: "study", endpoint: "os"}) { groups { patients } } }',
      {},
      hasty.url,
    );
    expect(data).toBeNull();
    expect(errors?.[0]?.extensions).toEqual({ code: "LIMIT_EXCEEDED", fix: expect.any(String) });
  });

  it("of time is not one for mutations", async () => {
    const { data, errors } = await ask(
      'mutation { createStudy(input: {key: "slow", name: "Slow"}) { study { key } errors { code } } }',
      {},
      hasty.url,
    );
    expect([data, errors]).toEqual([{ createStudy: { study: { key: "slow" }, errors: [] } }, undefined]);
  });

  it("is told by viewer", async () => {
    const { data } = await ask("{ viewer { limits } }");
    expect(data).toMatchObject({ viewer: { limits: { ...LIMITS, pageSize: 200 } } });
  });

  it("stops introspection no more than queries", async () => {
    const { errors } = await ask(
      "{ __schema { types { name fields { name args { name } type { name ofType { name } } } } } }",
    );
    expect(errors).toBeUndefined();
  });
});

describe("ordinary documents", () => {
  const schema = createSchema();
  const folders = ["test/graphql", "docs/queries"].map((folder) => join(import.meta.dirname, "..", folder));
  const documents = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".graphql"))
      .map((name): [string, DocumentNode] => [name, parse(readFileSync(join(folder, name), "utf8"))]),
  );

  it.each(documents)("cost a fifth of what is allowed at most: %s", (_name, document) => {
    for (const operation of document.definitions) {
      if (operation.kind !== Kind.OPERATION_DEFINITION) continue;
      const cost = queryCost(schema, document, operation, {});
      expect(cost).toBeGreaterThan(0);
      expect(cost).toBeLessThanOrEqual(LIMITS.cost / 5);
    }
  });
});

/** Sends a query and leaves when `until` says so; the connection is this request's alone. */
const sendAndLeave = (query: string, until: () => Promise<unknown>): Promise<void> =>
  new Promise((resolve) => {
    const sent = request(new URL(`${server.url}/graphql`), {
      method: "POST",
      agent: false,
      headers: { "content-type": "application/json" },
    });
    sent.on("error", () => {});
    sent.on("close", resolve);
    sent.end(JSON.stringify({ query }), async () => {
      await until();
      sent.destroy();
    });
  });

describe("a fault of the database", () => {
  it("shows neither statement nor names nor a stack", async () => {
    const { database } = world.app;
    await database.query("ALTER TABLE patient RENAME TO secret_ward");
    const answers = await Promise.all(
      [
        '{ survival(input: {studyKey: "study", endpoint: "os"}) { groups { patients } } }',
        '{ patients(filter: {studyKey: "study"}) { totalCount nodes { key } } }',
        '{ facets(filter: {studyKey: "study"}, attributes: ["age"]) { median } }',
      ].map((query) => ask(query)),
    ).finally(() => database.query("ALTER TABLE secret_ward RENAME TO patient"));
    for (const { data, errors } of answers) {
      expect(data).toBeNull();
      for (const { message, extensions } of errors ?? []) {
        expect(message).toMatch(/^Something went wrong inside the server\./);
        expect(extensions).toEqual({ code: "INTERNAL_SERVER_ERROR", requestId: expect.any(String) });
      }
      expect(JSON.stringify(errors)).not.toMatch(/SELECT|FROM|patient_|relation|secret_ward|stack|\.ts\b|node_modules/);
    }
  });
});

describe("a client that goes away", () => {
  it("leaves a server that serves the next one", async () => {
    for (const afterMs of [0, 5, 30, 60]) {
      await sendAndLeave(
        '{ survival(input: {studyKey: "study", endpoint: "os", cox: {terms: ["age"]}}) { groups { patients } } }',
        () => new Promise((wake) => setTimeout(wake, afterMs)),
      );
    }
    const { data } = await ask('{ survival(input: {studyKey: "study", endpoint: "os"}) { groups { patients } } }');
    expect(data).toEqual({ survival: { groups: [{ patients: PATIENTS }] } });
  });
});

const isGiven = process.env.DATABASE_URL !== undefined;
if (!isGiven)
  console.log(
    "Cancelling of running statements is not tried: the embedded database has one thread, set DATABASE_URL for a server.",
  );

describe("an aborted query", () => {
  /** Runs in the scope of a query that is aborted after some milliseconds. */
  const abortedAfter = async (ms: number, work: () => Promise<unknown>) => {
    const reason = new DOMException("The client has gone.", "AbortError");
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), ms);
    const began = performance.now();
    const outcome = await queryScope.run({ signal: controller.signal }, async () => work()).catch((error) => error);
    return { outcome, reason, tookMs: performance.now() - began };
  };

  const running = async (marker: string) => {
    const { rows } = await world.app.database.query<{ running: number }>(
      "SELECT count(*) AS running FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()",
      [`%${marker}%`],
    );
    return rows[0]?.running;
  };

  it("begins no further statement", async () => {
    world.takeStatements();
    const { outcome, reason } = await abortedAfter(20, async () => {
      await new Promise((wake) => setTimeout(wake, 50));
      return world.app.database.query("SELECT 'never'");
    });
    expect(outcome).toBe(reason);
    expect(world.takeStatements().filter((text) => text.includes("never"))).toEqual([]);
  });

  it("rolls its transaction back, and the database goes on", async () => {
    const { database } = world.app;
    const { outcome, reason } = await abortedAfter(20, () =>
      database.transaction(async (client) => {
        await client.query("INSERT INTO study (key, name) VALUES ('half', 'Half')");
        await new Promise((wake) => setTimeout(wake, 50));
        await client.query("INSERT INTO study (key, name) VALUES ('other half', 'Half')");
      }),
    );
    expect(outcome).toBe(reason);
    const { rows } = await database.query("SELECT key FROM study WHERE name = 'Half'");
    expect(rows).toEqual([]);
  });

  it("is answered at once, whatever the database still does", async () => {
    const { outcome, reason, tookMs } = await abortedAfter(20, () =>
      world.app.database.query("SELECT count(*) FROM generate_series(1, 3000000) AS i WHERE i % 7 = 3"),
    );
    expect(outcome).toBe(reason);
    expect(tookMs).toBeLessThan(1000);
    expect((await world.app.database.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  const statements: [string, () => Promise<unknown>][] = [
    ["of_ours", () => world.app.database.query("SELECT pg_sleep(60) AS slept_of_ours")],
    ["of_prisma", () => world.app.prisma.$queryRawUnsafe("SELECT pg_sleep(60)::text AS slept_of_prisma")],
    [
      "of_transaction",
      () => world.app.database.transaction((client) => client.query("SELECT pg_sleep(60) AS slept_of_transaction")),
    ],
  ];
  it.skipIf(!isGiven).each(statements)("has its statement slept_%s cancelled on the server", async (what, work) => {
    const { outcome, tookMs } = await abortedAfter(100, work);
    // Prisma wraps what it is told; the server answers with the scope's reason whatever failed.
    expect(outcome).toBeInstanceOf(Error);
    expect(tookMs).toBeLessThan(5000);
    const marker = `slept_${what}`;
    const deadline = performance.now() + 5000;
    while ((await running(marker)) !== 0 && performance.now() < deadline)
      await new Promise((wake) => setTimeout(wake, 50));
    expect(await running(marker)).toBe(0);
    expect((await world.app.database.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  /** Holds up every statement on patients while `work` runs, as a slow one would be. */
  const whileLocked = (work: () => Promise<void>) =>
    world.app.database.transaction(async (client) => {
      await client.query("LOCK TABLE patient IN ACCESS EXCLUSIVE MODE");
      await work();
    });
  const waiting = async (wanted: number) => {
    const deadline = performance.now() + 5000;
    while ((await running("FROM patient")) !== wanted && performance.now() < deadline)
      await new Promise((wake) => setTimeout(wake, 20));
    expect(await running("FROM patient")).toBe(wanted);
  };
  const PATIENTS_QUERY = '{ survival(input: {studyKey: "study", endpoint: "os"}) { groups { patients } } }';

  it.skipIf(!isGiven)("of a client that goes away is cancelled on the server", () =>
    whileLocked(async () => {
      await sendAndLeave(PATIENTS_QUERY, () => waiting(1));
      await waiting(0);
    }),
  );

  it.skipIf(!isGiven)("whose time is up is cancelled on the server", () =>
    whileLocked(async () => {
      const patient = await startServer(world.app, { queryMs: 500 });
      const { errors } = await ask(PATIENTS_QUERY, {}, patient.url);
      expect(errors?.[0]?.extensions.code).toBe("LIMIT_EXCEEDED");
      await waiting(0);
      await patient.close();
    }),
  );

  it.skipIf(!isGiven)("takes no connection from the others: twenty cancelled, twenty more served", async () => {
    const sleeps = Array.from({ length: 20 }, () =>
      abortedAfter(100, () => world.app.database.query("SELECT pg_sleep(60)")),
    );
    for (const { outcome, reason } of await Promise.all(sleeps)) expect(outcome).toBe(reason);
    const served = Array.from({ length: 20 }, () => world.app.database.query("SELECT 1 AS one"));
    for (const { rows } of await Promise.all(served)) expect(rows).toEqual([{ one: 1 }]);
  });

  it("ends what is computed in a thread", async () => {
    const { analyseAside } = await import("../src/modules/survival/survival.thread.ts");
    const patients = 200_000;
    const table = {
      patients,
      timesDays: Float64Array.from({ length: patients }, (_, i) => i),
      events: new Uint8Array(patients).fill(1),
      columns: [
        { kind: "number" as const, key: "x", values: Float64Array.from({ length: patients }, (_, i) => i % 97) },
      ],
      cohorts: [],
    };
    const plan = {
      endpoint: "os",
      grouping: { kind: "all" as const },
      strata: [],
      cox: { terms: [0], ties: "efron" as const },
      confidence: 0.95,
    };
    const controller = new AbortController();
    const reason = new Error("gone");
    setTimeout(() => controller.abort(reason), 100);
    await expect(analyseAside(table, plan, controller.signal)).rejects.toBe(reason);
  });
});
