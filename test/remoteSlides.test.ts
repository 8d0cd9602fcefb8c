import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOpenSlides } from "../src/modules/slide/openSlides.ts";
import { parseRemote, readHostSettings } from "../src/platform/hosts.ts";
import { type FileHost, startFileHost } from "./support/fileHost.ts";
import { glassTiff, tissueTiff } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** Slides on a web server and in a bucket, both of this test's own, on this machine. */

const KEY = { accessKeyId: "AKIDTEST", secretAccessKey: "a/secret+key" };
const SECRET = "Mustermann";

type UserError = { code: string; message: string; fix: string | null };
type Registered = {
  slides: { id: string; key: string; image: { checksum: string } }[];
  unchanged: number;
  errors: UserError[];
};

let web: FileHost;
let bucket: FileHost;
let cacheFolder: string;
let world: World;
/** Everything that was answered. */
const heard: string[] = [];

beforeAll(async () => {
  web = await startFileHost({ authorization: "Bearer open-sesame" });
  bucket = await startFileHost({ s3: KEY });
  cacheFolder = await mkdtemp(join(tmpdir(), "histoql-cache-"));
  const hosts = readHostSettings({
    hosts: [`${web.origin}/${SECRET}/`, "s3://mustermann-bank/cohort/"],
    tokens: [`${web.origin.slice("http://".length)}=open-sesame`],
    endpoint: bucket.origin,
    region: "eu-central-1",
    ...KEY,
    sessionToken: undefined,
  });
  world = await createWorld({ config: { hosts, cacheFolder } });
  await world.ask('mutation { createStudy(input: {key: "s", name: "S"}) { study { id } } }');
});
afterAll(async () => {
  await world.close();
  await web.close();
  await bucket.close();
  await rm(cacheFolder, { recursive: true, force: true });
});

const register = async (...paths: string[]): Promise<Registered> => {
  const { registerSlides } = await world.ask<{ registerSlides: Registered }>(
    'mutation($paths: [String!]!) { registerSlides(input: {studyKey: "s", paths: $paths}) { slides { id key image { checksum } } unchanged errors { code message path fix } } }',
    { paths },
  );
  heard.push(JSON.stringify(registerSlides));
  return registerSlides;
};

const embed = async (featureSet: string, keys: string[]) => {
  const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(
    'mutation($set: String!, $keys: [String!]!) { embedSlides(input: {slides: {studyKey: "s", keys: $keys}, encoderKey: "efficientnet-lite0", featureSetKey: $set, grid: {minTissue: 0.1}}) { job { id } errors { code message } } }',
    { set: featureSet, keys },
  );
  const state = await world.jobEnd(embedSlides.job.id);
  const { job } = await world.ask<{ job: { failures: { nodes: UserError[] } } }>(
    "query($id: ID!) { job(id: $id) { failures { nodes { code message fix } } } }",
    { id: embedSlides.job.id },
  );
  heard.push(JSON.stringify(job));
  return { state, failures: job.failures.nodes };
};

const emptyCache = async () => {
  for (const name of await readdir(join(cacheFolder, "files"))) await rm(join(cacheFolder, "files", name));
};

describe("a slide on a web server", () => {
  it("is registered and embedded through the cache", async () => {
    web.files.set(`/${SECRET}/one slide.tif`, await tissueTiff({ seed: 1 }));
    const { slides, errors } = await register(`${web.origin}/${SECRET}/one%20slide.tif`);
    expect(errors).toEqual([]);
    expect(slides).toMatchObject([{ key: "one_slide" }]);
    const sent = web.sentBytes();
    expect(await embed("cached", ["one_slide"])).toEqual({ state: "SUCCEEDED", failures: [] });
    expect(web.sentBytes()).toBe(sent);
    await emptyCache();
    expect(await embed("fetched", ["one_slide"])).toEqual({ state: "SUCCEEDED", failures: [] });
    expect(web.sentBytes()).toBeGreaterThan(sent);
    const { rows } = await world.app.database.query(
      "SELECT set.key, vectors FROM slide_features JOIN feature_set AS set ON set.id = feature_set_id ORDER BY set.key",
    );
    expect(rows[0]).toMatchObject({ key: "cached", vectors: rows[1]?.vectors });
  });

  it("is not fetched again while its host says that it is the same", async () => {
    const sent = web.sentBytes();
    expect(await register(`${web.origin}/${SECRET}/one%20slide.tif`)).toMatchObject({ unchanged: 1, errors: [] });
    // One byte is what the host is asked with.
    expect(web.sentBytes() - sent).toBe(1);
  });

  it("fails with a reason that names neither host nor file", async () => {
    const name = `/${SECRET}/lost.tif`;
    const file = await tissueTiff({ seed: 2 });
    web.files.set(name, file);
    await register(`${web.origin}${name}`);
    const failuresAfter = async (change: () => void, featureSet: string) => {
      await emptyCache();
      change();
      return (await embed(featureSet, ["lost"])).failures;
    };
    const missing = await failuresAfter(() => web.files.delete(name), "missing");
    expect(missing).toMatchObject([
      { code: "FILE_NOT_FOUND", message: 'The file of slide "lost" is not on its host, or not any more.' },
    ]);
    const other = await tissueTiff({ seed: 3, edgePixels: 512 });
    expect(await failuresAfter(() => web.files.set(name, other), "changed")).toMatchObject([{ code: "CONFLICT" }]);
    web.files.set(name, file);
    const damaged = Buffer.from(file);
    damaged.fill(0, file.length / 2);
    expect(await failuresAfter(() => Object.assign(web.faults, { sends: damaged }), "damaged")).toMatchObject([
      { code: "SLIDE_CORRUPT", fix: expect.stringContaining("checksum") },
    ]);
    web.faults.sends = undefined;
  });
});

describe("what is refused", () => {
  it.each([
    ["FORBIDDEN", () => `${web.origin}/other/a.svs`],
    ["FORBIDDEN", () => `${web.origin}/${SECRET}/../a.svs`],
    ["FORBIDDEN", () => `http://127.0.0.1:1/${SECRET}/a.svs`],
    ["FORBIDDEN", () => "s3://mustermann-bank/other/a.svs"],
    ["BAD_ARGUMENT", () => `${web.origin}/${SECRET}/a.svs?x=1`],
    ["BAD_ARGUMENT", () => `${web.origin}/${SECRET}/`],
    ["BAD_ARGUMENT", () => `file:///${SECRET}/a.svs`],
    ["FILE_NOT_FOUND", () => `${web.origin}/${SECRET}/absent.svs`],
    ["FORMAT_UNSUPPORTED", () => `${web.origin}/${SECRET}/scan.mrxs`],
  ])("%s", async (code, path) => {
    const asked = web.asked.length + bucket.asked.length;
    const { slides, errors } = await register(path());
    expect(slides).toEqual([]);
    expect(errors).toMatchObject([{ code, fix: expect.any(String) }]);
    if (code !== "FILE_NOT_FOUND") expect(web.asked.length + bucket.asked.length).toBe(asked);
  });

  it("a host that sends elsewhere", async () => {
    Object.assign(web.faults, { status: 307, location: `${bucket.origin}/mustermann-bank/cohort/a.tif` });
    const asked = bucket.asked.length;
    expect((await register(`${web.origin}/${SECRET}/moved.tif`)).errors).toMatchObject([{ code: "FORBIDDEN" }]);
    expect(bucket.asked.length).toBe(asked);
    Object.assign(web.faults, { status: undefined, location: undefined });
  });
});

describe("slides in a bucket", () => {
  it("are listed below a prefix, page by page, and embedded", async () => {
    for (const [index, name] of ["b/3 c+d.tif", "a.tif", "b/2.tif", "notes.txt", "b/.hidden.tif"].entries()) {
      bucket.files.set(`/mustermann-bank/cohort/${name}`, await tissueTiff({ seed: 10 + index }));
    }
    bucket.files.set("/mustermann-bank/other/x.tif", await glassTiff());
    const { slides, errors } = await register("s3://mustermann-bank/cohort/");
    expect(errors).toEqual([]);
    expect(slides.map(({ key }) => key).sort()).toEqual(["2", "3_c_d", "a"]);
    await emptyCache();
    expect(await embed("bucket", ["2", "3_c_d", "a"])).toEqual({ state: "SUCCEEDED", failures: [] });
  });

  it("a key that is no address fails alone", async () => {
    for (const key of ["odd/a%2Fb.tif", "odd/../up.tif", "odd/good.tif"]) {
      bucket.files.set(`/mustermann-bank/cohort/${key}`, await tissueTiff({ seed: 30 }));
    }
    const { slides, errors } = await register("s3://mustermann-bank/cohort/odd/");
    expect(slides.map(({ key }) => key)).toEqual(["good"]);
    expect(errors.map(({ code }) => code)).toEqual(["BAD_ARGUMENT", "BAD_ARGUMENT"]);
  });

  it("are refused by the bucket to who has another key", async () => {
    const { hosts } = world.app.config;
    const credentials = { ...KEY, secretAccessKey: "another", sessionToken: undefined };
    const other = await createWorld({ work: false, config: { hosts: { ...hosts, s3: { ...hosts.s3, credentials } } } });
    try {
      await other.ask('mutation { createStudy(input: {key: "s", name: "S"}) { study { id } } }');
      const { registerSlides } = await other.ask<{ registerSlides: Registered }>(
        'mutation { registerSlides(input: {studyKey: "s", paths: ["s3://mustermann-bank/cohort/a.tif", "s3://mustermann-bank/cohort/"]}) { slides { id } errors { code message fix } } }',
      );
      expect(registerSlides.errors.map(({ code }) => code)).toEqual(["FORBIDDEN", "FORBIDDEN"]);
      heard.push(JSON.stringify(registerSlides));
    } finally {
      await other.close();
    }
  });
});

it("a job says that it is fetching", async () => {
  const name = `/${SECRET}/slow.tif`;
  const file = await tissueTiff({ seed: 20, edgePixels: 2048 });
  web.files.set(name, file);
  await register(`${web.origin}${name}`);
  await emptyCache();
  web.faults.delayMs = Math.ceil(2500 / (file.length / 65_536));
  const said = new Set<string>();
  const watch = setInterval(async () => {
    const { rows } = await world.app.database.query<{ message: string }>(
      "SELECT message FROM job WHERE message IS NOT NULL AND state = 'RUNNING'",
    );
    for (const { message } of rows) said.add(message);
  }, 100);
  expect(await embed("slow", ["slow"])).toEqual({ state: "SUCCEEDED", failures: [] });
  clearInterval(watch);
  web.faults.delayMs = undefined;
  expect([...said].some((message) => /^fetching, \d+ %$/.test(message))).toBe(true);
});

it("a picture of a slide whose file was evicted is fetched for it", async () => {
  await emptyCache();
  const image = await world.app.prisma.slideImage.findFirstOrThrow({ where: { slide: { key: "one_slide" } } });
  expect(parseRemote(image.path).kind).toBe("web");
  const size = await world.app.openSlides.use(image, async ({ widthPixels }) => widthPixels);
  expect(size).toBe(1024);
});

it("a picture does not wait for ever, and what has come meanwhile is kept", async () => {
  await emptyCache();
  const image = await world.app.prisma.slideImage.findFirstOrThrow({ where: { slide: { key: "slow" } } });
  const slides = createOpenSlides(world.app.slideFiles, 1, 300);
  const width = () => slides.use(image, async ({ widthPixels }) => widthPixels);
  web.faults.delayMs = 100;
  await expect(width()).rejects.toMatchObject({ code: "FILE_NOT_FOUND", fix: expect.stringContaining("again") });
  web.faults.delayMs = undefined;
  const sent = web.sentBytes();
  expect(await width()).toBe(2048);
  expect(web.sentBytes() - sent).toBeLessThan(Number(image.bytes));
  await slides.close();
});

it("nothing that was answered names a host, a bucket or a file", () => {
  expect(heard.length).toBeGreaterThan(10);
  for (const text of heard) {
    for (const secret of [SECRET, "127.0.0.1", "mustermann", "cohort", KEY.secretAccessKey, "sesame"]) {
      expect(text).not.toContain(secret);
    }
  }
});
