import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { startServer } from "../src/server/start.ts";
import { writeTissue } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** The whole product behind its own HTTP server. */

let world: World;
let server: Awaited<ReturnType<typeof startServer>>;

const post = (body: unknown, url = server.url) =>
  fetch(`${url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close" },
    body: JSON.stringify(body),
  });

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  server = await startServer(world.app);
  await writeTissue(join(world.folder, "a.tif"));
});
afterAll(async () => {
  await server.close();
  await world.close();
});

describe("over HTTP", () => {
  it("a study is made, filled and read, with URLs that lead back to where it was asked", async () => {
    const made = await post({
      query:
        'mutation { createStudy(input: {key: "s", name: "S"}) { study { key } } registerSlides(input: {studyKey: "s", paths: ["a.tif"]}) { slides { key } errors { code } } }',
    });
    expect(await made.json()).toEqual({
      data: { createStudy: { study: { key: "s" } }, registerSlides: { slides: [{ key: "a" }], errors: [] } },
    });
    const read = await post({ query: '{ slides(filter: {studyKey: "s"}) { nodes { image { thumbnailUrl } } } }' });
    const { data } = (await read.json()) as { data: { slides: { nodes: { image: { thumbnailUrl: string } }[] } } };
    const url = data.slides.nodes[0]?.image.thumbnailUrl ?? "";
    expect(url.startsWith(`${server.url}/pictures/`)).toBe(true);
    expect((await fetch(url)).status).toBe(200);
  });

  it("what is refused tells code and fix beside its place in the query and in the input", async () => {
    const response = await post({ query: '{ s: study(key: "s") { slides(first: 5000) { totalCount } } }' });
    expect(await response.json()).toMatchObject({
      data: { s: null },
      errors: [
        {
          message: "first: 5000 is not between 1 and 200.",
          path: ["s", "slides"],
          extensions: { code: "BAD_ARGUMENT", inputPath: ["first"], fix: expect.stringContaining("endCursor") },
        },
      ],
    });
  });

  it("a vector that is none is told by its code, from a variable too", async () => {
    const response = await post({
      query: "query($i: SimilarPatchesInput!) { similarPatches(input: $i) { hits { distance } } }",
      variables: { i: { featureSet: "x", to: { vector: Buffer.from([0, 0, 192, 127]).toString("base64") } } },
    });
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(["NOT_FINITE"]);
  });

  it("a page on another site cannot reach it under another name", async () => {
    const { hostname, port } = new URL(server.url);
    const asked = request({ hostname, port, path: "/graphql", agent: false, headers: { host: "evil.example" } }).end();
    const [response] = await once(asked, "response");
    expect(response.statusCode).toBe(421);
    response.resume();
  });
});

it("goes on when clients hang up in the middle", async () => {
  const slow = { query: `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: studies { totalCount }`).join(" ")} }` };
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, index) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), index);
      return fetch(`${server.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", connection: "close" },
        body: JSON.stringify(slow),
        signal: controller.signal,
      }).then((response) => response.json());
    }),
  );
  expect(outcomes.some(({ status }) => status === "rejected")).toBe(true);
  // A body that never ends.
  const { hostname, port } = new URL(server.url);
  const half = request({
    hostname,
    port,
    path: "/graphql",
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json", "content-length": "1000" },
  });
  half.on("error", () => {});
  half.write('{"query": "{ ');
  await new Promise((wake) => setTimeout(wake, 50));
  half.destroy();
  const answer = await post({ query: "{ viewer { name } }" });
  expect(await answer.json()).toEqual({ data: { viewer: { name: "local" } } });
});

it("listens on this machine only, and says which port is taken", async () => {
  await expect(startServer({ ...world.app, config: { ...world.app.config, host: "0.0.0.0" } })).rejects.toMatchObject({
    code: "FORBIDDEN",
    fix: expect.stringContaining("ssh -L"),
  });
  const port = Number(new URL(server.url).port);
  await expect(startServer({ ...world.app, config: { ...world.app.config, port } })).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining(String(port)),
  });
});

it("with a broken database it says nothing but that something is wrong", async () => {
  const other = await createWorld({ config: { port: 0 } });
  const broken = await startServer(other.app);
  try {
    expect(await (await post({ query: "{ studies { totalCount } }" }, broken.url)).json()).toEqual({
      data: { studies: { totalCount: 0 } },
    });
    await other.app.database.query("ALTER TABLE study RENAME TO lost");
    const response = await post({ query: "{ studies { totalCount } viewer { name } }" }, broken.url);
    const text = await response.text();
    const { data, errors } = JSON.parse(text);
    expect(data).toBeNull();
    expect(errors).toEqual([
      {
        message: expect.stringContaining(errors[0].extensions.requestId),
        locations: expect.any(Array),
        path: ["studies"],
        extensions: { code: "INTERNAL_SERVER_ERROR", requestId: response.headers.get("x-request-id") },
      },
    ]);
    expect(text).not.toMatch(/relation|prisma|postgres|select|invocation/i);
    const slide = encodeId("Slide", "s", "a");
    const picture = await fetch(broken.url + other.app.signer.sign(`/pictures/slides/${slide}/thumbnail/64.jpg`));
    expect(picture.status).toBe(500);
    expect(await picture.text()).not.toMatch(/relation|prisma|postgres|select|invocation/i);
    expect((await fetch(`${broken.url}/health`)).status).toBe(200);
  } finally {
    await broken.close();
    await other.close();
  }
});
