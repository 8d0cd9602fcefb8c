import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { createClient } from "graphql-sse";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Viewer } from "../src/platform/authorisation.ts";
import { decodeId, encodeId } from "../src/platform/ids.ts";
import { LIMITS } from "../src/platform/limits.ts";
import { createJobWatch } from "../src/queue/jobWatch.ts";
import { startServer } from "../src/server/start.ts";
import { writeTissue } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** Jobs that are followed while they run, over HTTP. */

type Event = { data?: { jobProgress: JobEvent } | null; errors?: { message: string; extensions: Extensions }[] };
type Extensions = { code: string; fix?: string };
type JobEvent = { state: string; progress: { done: number; total: number } };

const FOLLOW = "subscription($id: ID!) { jobProgress(id: $id) { state progress { done total } } }";
const HEARTBEAT_MS = 100;
const JSON_BODY = { "content-type": "application/json" };

/** Nothing works in it: its jobs wait until they are cancelled. */
let idle: World;
let busy: World;
let server: Awaited<ReturnType<typeof startServer>>;
let busyServer: Awaited<ReturnType<typeof startServer>>;

const STRANGER: Viewer = { name: "stranger", grants: [{ studyKey: "elsewhere", role: "OWNER" }] };
const READER: Viewer = { name: "reader", grants: [{ studyKey: "study", role: "READER" }] };

beforeAll(async () => {
  idle = await createWorld({ config: { port: 0 }, work: false });
  busy = await createWorld({ config: { port: 0, batchSize: 4 } });
  for (const world of [idle, busy]) {
    await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
    await writeTissue(join(world.folder, "a.tif"));
    await world.ask('mutation { registerSlides(input: {studyKey: "study", paths: ["a.tif"]}) { errors { code } } }');
  }
  server = await startServer(idle.app, {
    heartbeatMs: HEARTBEAT_MS,
    viewerOf: ({ headers }) =>
      headers["x-viewer"] === "stranger" ? STRANGER : { ...READER, name: String(headers["x-viewer"] ?? "reader") },
  });
  busyServer = await startServer(busy.app);
});
afterAll(async () => {
  await server.close();
  await busyServer.close();
  await idle.close();
  await busy.close();
});

let featureSets = 0;
const embed = async (world: World): Promise<string> => {
  featureSets += 1;
  const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(
    "mutation($input: EmbedSlidesInput!) { embedSlides(input: $input) { job { id } } }",
    {
      input: {
        slides: { studyKey: "study" },
        encoderKey: "efficientnet-lite0",
        featureSetKey: `cnn-${featureSets}`,
        grid: { patchSize: 64, tissue: "NONE" },
      },
    },
  );
  return embedSlides.job.id;
};

const uuidOf = (id: string): string => String(decodeId(id)?.parts[0]);
const cancel = (id: string) => idle.ask("mutation($id: ID!) { cancelJob(id: $id) { errors { code } } }", { id });

const follow = (
  id: string,
  {
    url = server.url,
    headers = {},
    query = FOLLOW,
    signal,
  }: {
    url?: string;
    headers?: Record<string, string>;
    query?: string;
    signal?: AbortSignal;
  } = {},
): Promise<Response> =>
  fetch(`${url}/graphql/stream`, {
    method: "POST",
    headers: { ...JSON_BODY, ...headers },
    body: JSON.stringify({ query, variables: { id } }),
    ...(signal && { signal }),
  });

const eventsOf = (text: string): Event[] =>
  [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map((match) => JSON.parse(match[1] ?? ""));

const refusalOf = async (response: Response): Promise<Extensions | undefined> => {
  const text = await response.text();
  expect(text.endsWith("event: complete\ndata:\n\n")).toBe(true);
  const events = eventsOf(text);
  expect(events).toHaveLength(1);
  expect(events[0]?.data ?? null).toBeNull();
  return events[0]?.errors?.[0]?.extensions;
};

/** Reads until the text so far is enough. */
const readUntil = async (response: Response, isEnough: (text: string) => boolean): Promise<string> => {
  let text = "";
  if (!response.body) throw new Error("There is no body.");
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (isEnough(text)) return text;
  }
  throw new Error(`The stream ended: ${text}`);
};

const until = async (isSo: () => boolean): Promise<void> => {
  for (let waited = 0; !isSo(); waited += 20) {
    if (waited > 5000) throw new Error("It did not come to pass within five seconds.");
    await new Promise((wake) => setTimeout(wake, 20));
  }
};

describe("a job that runs", () => {
  it("is told as it is, as it goes on, and how it ends", async () => {
    const response = await follow(await embed(busy), { url: busyServer.url });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const text = await response.text();
    const events = eventsOf(text);
    const jobs = events.map(({ data }) => data?.jobProgress);
    expect(events.every(({ errors }) => errors === undefined)).toBe(true);
    expect(jobs.at(-1)).toEqual({ state: "SUCCEEDED", progress: { done: 1, total: 1 } });
    expect(jobs.slice(0, -1).every((job) => job?.state === "QUEUED" || job?.state === "RUNNING")).toBe(true);
    expect(jobs.length).toBeGreaterThan(2);
    expect(text.endsWith("event: complete\ndata:\n\n")).toBe(true);
  });

  it("tells at once how it ended when it has ended", async () => {
    const id = await embed(busy);
    await busy.jobEnd(id);
    const events = eventsOf(await (await follow(id, { url: busyServer.url })).text());
    expect(events.map(({ data }) => data?.jobProgress.state)).toEqual(["SUCCEEDED"]);
  });

  it("is followed by a client of the GraphQL over SSE protocol", async () => {
    const client = createClient({ url: `${busyServer.url}/graphql/stream` });
    const states: string[] = [];
    const results = client.iterate<{ jobProgress: JobEvent }>({ query: FOLLOW, variables: { id: await embed(busy) } });
    for await (const { data } of results) if (data) states.push(data.jobProgress.state);
    client.dispose();
    expect(states.at(-1)).toBe("SUCCEEDED");
  });

  it("is told in parts to clients of Apollo's multipart protocol, who ask where queries are asked", async () => {
    const response = await fetch(`${busyServer.url}/graphql`, {
      method: "POST",
      headers: { ...JSON_BODY, accept: "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json" },
      body: JSON.stringify({ query: FOLLOW, variables: { id: await embed(busy) } }),
    });
    expect(response.headers.get("content-type")).toBe("multipart/mixed;boundary=graphql;subscriptionSpec=1.0");
    const text = await response.text();
    expect(text.startsWith("--graphql\r\n")).toBe(true);
    expect(text.endsWith("\r\n--graphql--\r\n")).toBe(true);
    const parts = text
      .split("--graphql")
      .slice(1, -1)
      .map((part) => {
        const [head, body] = part.split("\r\n\r\n");
        expect(head?.trim()).toBe("Content-Type: application/json; charset=utf-8");
        return JSON.parse(body ?? "") as { payload?: Event };
      });
    expect(parts[0]).toEqual({});
    expect(parts.at(-1)?.payload?.data?.jobProgress.state).toBe("SUCCEEDED");
  });

  it("is followed by GraphiQL, whose queries are answered as before", async () => {
    const { createFetcher } = (await import(join(import.meta.dirname, "../web/fetcher.js"))) as {
      createFetcher(endpoint: string): (request: unknown) => Promise<AsyncIterableIterator<Event>>;
    };
    const fetcher = createFetcher(`${busyServer.url}/graphql`);
    const states: (string | undefined)[] = [];
    for await (const { data } of await fetcher({ query: FOLLOW, variables: { id: await embed(busy) } })) {
      states.push(data?.jobProgress.state);
    }
    expect(states.at(-1)).toBe("SUCCEEDED");
    expect(await fetcher({ query: "{ viewer { name } }" })).toEqual({ data: { viewer: { name: "local" } } });
    const stopped = await createFetcher(`${server.url}/graphql`)({
      query: FOLLOW,
      variables: { id: await embed(idle) },
    });
    expect((await stopped.next()).value?.data?.jobProgress.state).toBe("QUEUED");
    const waiting = stopped.next();
    await stopped.return?.();
    await expect(waiting).rejects.toThrow("aborted");
    await until(() => idle.app.jobWatch.size() === 0);
  });

  it("does not change what the same headers get for a query", async () => {
    const response = await fetch(`${busyServer.url}/graphql`, {
      method: "POST",
      headers: { ...JSON_BODY, accept: "application/json, text/event-stream" },
      body: JSON.stringify({ query: "{ viewer { name } }" }),
    });
    expect(await response.json()).toEqual({ data: { viewer: { name: "local" } } });
  });
});

describe("what may not be asked", () => {
  it.each([
    ["of a stranger", FOLLOW, { "x-viewer": "stranger" }, "FORBIDDEN"],
    [
      "for a field that there is not",
      "subscription($id: ID!) { jobProgress(id: $id) { colour } }",
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["in words that are none", "subscription {", {}, "GRAPHQL_PARSE_FAILED"],
    [
      "without the variable",
      "subscription($id: ID!, $n: Int!) { jobProgress(id: $id) { failures(first: $n) { totalCount } } }",
      {},
      "BAD_USER_INPUT",
    ],
    [
      "twice at once",
      "subscription($id: ID!) { a: jobProgress(id: $id) { id } b: jobProgress(id: $id) { id } }",
      {},
      "GRAPHQL_VALIDATION_FAILED",
    ],
    [
      "too deep",
      `subscription($id: ID!) { jobProgress(id: $id) { ${"children { nodes { ".repeat(8)} id ${"} } ".repeat(8)} } }`,
      {},
      "LIMIT_EXCEEDED",
    ],
    [
      "at too high a cost",
      "subscription($id: ID!) { jobProgress(id: $id) { children(first: 200) { nodes { children(first: 200) { nodes { children(first: 200) { nodes { id } } } } } } } }",
      {},
      "LIMIT_EXCEEDED",
    ],
    [
      "with too many words",
      `subscription($id: ID!) { jobProgress(id: $id) { ${"id ".repeat(LIMITS.tokens)} } }`,
      {},
      "LIMIT_EXCEEDED",
    ],
    ["as a query", "query($id: ID!) { job(id: $id) { state } }", {}, "BAD_REQUEST"],
    ["as a mutation", "mutation($id: ID!) { cancelJob(id: $id) { errors { code } } }", {}, "BAD_REQUEST"],
  ])("%s", async (_what, query, headers, code) => {
    const id = await embed(idle);
    expect((await refusalOf(await follow(id, { query, headers })))?.code).toBe(code);
    await cancel(id);
  });

  it("for a job that there is not, or by an id that is none", async () => {
    const gone = encodeId("Job", "00000000-0000-4000-8000-000000000000");
    expect(await refusalOf(await follow(gone))).toEqual({
      code: "NOT_FOUND",
      fix: expect.any(String),
      inputPath: ["id"],
    });
    expect((await refusalOf(await follow("nonsense")))?.code).toBe("NOT_FOUND");
  });

  it("where queries are asked, which says where instead", async () => {
    const response = await fetch(`${server.url}/graphql`, {
      method: "POST",
      headers: JSON_BODY,
      body: JSON.stringify({ query: FOLLOW, variables: { id: "x" } }),
    });
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({
        errors: [
          expect.objectContaining({
            extensions: { code: "BAD_REQUEST", fix: expect.stringContaining("/graphql/stream") },
          }),
        ],
      }),
    ]);
  });

  it("by a page on another site", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
      const response = await fetch(`${server.url}/graphql/stream`, {
        method: "POST",
        headers: { "content-type": type },
        body: JSON.stringify({ query: FOLLOW, variables: { id: "x" } }),
      });
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.headers.get("content-type")).toContain("application/json");
    }
    const { hostname, port } = new URL(server.url);
    const headers = { ...JSON_BODY, host: "evil.example" };
    const asked = request({ hostname, port, path: "/graphql/stream", method: "POST", agent: false, headers }).end("{}");
    const [response] = await once(asked, "response");
    expect(response.statusCode).toBe(421);
    response.resume();
  });

  it("without a query, or for an answer that is no stream", async () => {
    const empty = await fetch(`${server.url}/graphql/stream`, { method: "POST", headers: JSON_BODY, body: "{}" });
    expect(empty.status).toBe(400);
    expect((await follow("x", { headers: { accept: "image/png" } })).status).toBe(406);
  });
});

describe("a job that waits", () => {
  it("is told once, with signs of life, until it is cancelled", async () => {
    const id = await embed(idle);
    const response = await follow(id);
    let cancelled = false;
    const text = await readUntil(response, (read) => {
      if (read.split(":\n\n").length > 4 && !cancelled) {
        cancelled = true;
        void cancel(id);
      }
      return read.includes("event: complete");
    });
    expect(eventsOf(text).map(({ data }) => data?.jobProgress.state)).toEqual(["QUEUED", "CANCELLED"]);
  });

  it("costs nothing any more once nobody listens", async () => {
    const id = await embed(idle);
    const controllers = Array.from({ length: 5 }, () => new AbortController());
    for (const { signal } of controllers) {
      await readUntil(await follow(id, { signal }), (text) => text.includes("event: next")).catch(() => {});
    }
    for (const controller of controllers) controller.abort();
    await until(() => idle.app.jobWatch.size() === 0);
    await cancel(id);
  });

  it("is told to so many listeners of one viewer at the same time, and to others none the less", async () => {
    const id = await embed(idle);
    const controller = new AbortController();
    const open = await Promise.all(
      Array.from({ length: LIMITS.streams }, () =>
        follow(id, { signal: controller.signal, headers: { "x-viewer": "many" } }),
      ),
    );
    expect(open.every(({ status }) => status === 200)).toBe(true);
    expect(await refusalOf(await follow(id, { headers: { "x-viewer": "many" } }))).toEqual({
      code: "LIMIT_EXCEEDED",
      fix: expect.any(String),
    });
    const other = await follow(id, { signal: controller.signal, headers: { "x-viewer": "other" } });
    expect(eventsOf(await readUntil(other, (text) => text.includes("\ndata: {")))).toHaveLength(1);
    controller.abort();
    await until(() => idle.app.jobWatch.size() === 0);
    await cancel(id);
  });

  it("is read by one statement for all who listen", async () => {
    const ids = [await embed(idle), await embed(idle)];
    const uuids = ids.map(uuidOf);
    let statements = 0;
    const counted: typeof idle.app.database.query = (text, values) => {
      statements += 1;
      return idle.app.database.query(text, values);
    };
    const watch = createJobWatch({ query: counted }, pino({ level: "silent" }));
    const { signal } = new AbortController();
    const listeners = Array.from({ length: 40 }, (_, index) => watch.watch(uuids[index % 2] ?? "", signal));
    const first = await Promise.all(listeners.map((listener) => listener.next()));
    expect(first.map(({ value }) => value?.state)).toEqual(Array(40).fill("QUEUED"));
    expect(statements).toBeLessThanOrEqual(2);
    const second = listeners.map((listener) => listener.next());
    for (const id of ids) await cancel(id);
    expect((await Promise.all(second)).map(({ value }) => value?.state)).toEqual(Array(40).fill("CANCELLED"));
    expect(statements).toBeLessThanOrEqual(4);
    await Promise.all(listeners.map((listener) => listener.next()));
    expect(watch.size()).toBe(0);
    watch.close();
  });

  it("is told to be gone when it is deleted", async () => {
    const id = await embed(idle);
    const response = await follow(id);
    const text = await readUntil(response, (read) => {
      if (eventsOf(read).length === 1) void idle.app.database.query("DELETE FROM job WHERE id = $1", [uuidOf(id)]);
      return read.includes("event: complete");
    });
    expect(eventsOf(text).at(-1)?.errors?.[0]?.extensions.code).toBe("NOT_FOUND");
  });

  it("holds the server's end up for nobody, and does not look complete then", async () => {
    const other = await startServer(idle.app);
    const response = await follow(await embed(idle), { url: other.url });
    let text = "";
    const reading = (async () => {
      if (!response.body) return;
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => {});
    await until(() => text.includes("event: next"));
    const begun = performance.now();
    await other.close();
    await reading;
    expect(performance.now() - begun).toBeLessThan(1500);
    expect(text).not.toContain("event: complete");
  });
});
