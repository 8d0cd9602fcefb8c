import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { channelMeans, tinyCard } from "../src/inference/tiny-encoders.ts";
import type { Config } from "../src/platform/config.ts";
import { digestOf } from "../src/platform/digest.ts";
import { type ArtefactPlace, readHostSettings } from "../src/platform/hosts.ts";
import { createApp } from "../src/server/app.ts";
import { openArtefacts } from "../src/store/artefacts.ts";
import { type FileHost, startFileHost } from "./support/fileHost.ts";
import { createWorld, renderSlides, type World } from "./support/world.ts";

/** Artefacts that machines share by a folder or by a bucket. */

const KEY = { accessKeyId: "AKIDTEST", secretAccessKey: "a/secret+key" };

let folder: string;
let bucket: FileHost;
let hosts: Config["hosts"];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-shared-"));
  bucket = await startFileHost({ s3: KEY });
  hosts = readHostSettings({
    hosts: [],
    tokens: [],
    endpoint: bucket.origin,
    region: "us-east-1",
    ...KEY,
    sessionToken: undefined,
  });
});
afterAll(async () => {
  await bucket.close();
  await rm(folder, { recursive: true, force: true });
});

const PLACES: Record<string, () => ArtefactPlace> = {
  folder: () => ({ kind: "folder", folder: join(folder, "shared") }),
  bucket: () => ({ kind: "s3", bucket: "artefacts", prefix: "histoql/" }),
};

describe.each(Object.keys(PLACES))("artefacts shared by a %s", (kind) => {
  const machine = (name: string) =>
    openArtefacts({ dataFolder: join(folder, kind, name), sharedArtefacts: PLACES[kind]?.(), hosts } as Config);
  const bytes = Buffer.from(`an encoder for ${kind}`);

  it("are found by every machine, and kept there", async () => {
    const digest = await machine("server").put(bytes);
    const worker = machine("worker");
    expect(await worker.has(digest)).toBe(true);
    expect(await worker.get(digest)).toEqual(bytes);
    const asked = bucket.asked.length;
    expect(await worker.get(digest)).toEqual(bytes);
    expect(bucket.asked.length).toBe(asked);
  });

  it("are mended from each other, and never taken when they are damaged in both places", async () => {
    const digest = await machine("server").put(bytes);
    const own = join(folder, kind, "worker", "artefacts", digest.slice(0, 2), digest);
    await writeFile(own, "rotten");
    expect(await machine("worker").get(digest)).toEqual(bytes);
    expect(await readFile(own)).toEqual(bytes);
    bucket.files.set(`/artefacts/histoql/${digest.slice(0, 2)}/${digest}`, Buffer.from("rotten"));
    if (kind === "folder") await writeFile(join(folder, "shared", digest.slice(0, 2), digest), "rotten");
    await expect(machine("third").get(digest)).rejects.toMatchObject({ code: "CONFLICT" });
    await writeFile(own, "rotten");
    await expect(machine("worker").get(digest)).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("that were cut off are whole again once somebody puts them", async () => {
    const whole = Buffer.from(`cut off in the ${kind}`);
    const digest = await machine("server").put(whole);
    const name = `${digest.slice(0, 2)}/${digest}`;
    await truncate(join(folder, kind, "server", "artefacts", name), 3);
    bucket.files.set(`/artefacts/histoql/${name}`, whole.subarray(0, 3));
    if (kind === "folder") await truncate(join(folder, "shared", name), 0);
    await machine("server").put(whole);
    expect(await machine("server").get(digest)).toEqual(whole);
    expect(await machine("fourth").get(digest)).toEqual(whole);
  });

  it("are taken away here and there", async () => {
    const server = machine("server");
    const digest = await server.put(Buffer.from(`soon gone from the ${kind}`));
    expect(await machine("worker").has(digest)).toBe(true);
    await server.remove(digest);
    expect([await server.has(digest), await machine("worker").has(digest)]).toEqual([false, false]);
    await server.remove(digest);
  });

  it("are missed with words", async () => {
    await expect(machine("worker").get("0".repeat(64))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await machine("worker").has("0".repeat(64))).toBe(false);
  });
});

describe("a folder of artefacts", () => {
  const machine = (dataFolder: string) => openArtefacts({ dataFolder, sharedArtefacts: undefined, hosts } as Config);

  it("has what was put on its disk before anybody hears of it", async () => {
    const handle = await open(join(folder, "any"), "w");
    const sync = vi.spyOn(Object.getPrototypeOf(handle), "sync");
    await handle.close();
    await machine(join(folder, "synced")).put(Buffer.from("a mask"));
    // The file, then the folder that names it.
    expect(sync).toHaveBeenCalledTimes(2);
    sync.mockRestore();
  });

  it("that cannot be written to says so without its name", async () => {
    await mkdir(join(folder, "blocked"));
    await writeFile(join(folder, "blocked", "artefacts"), "no folder");
    const refusal = { code: "FORBIDDEN", message: expect.stringContaining("ENOTDIR"), fix: expect.any(String) };
    const store = machine(join(folder, "blocked"));
    await expect(store.put(Buffer.from("x"))).rejects.toMatchObject(refusal);
    await expect(store.put(Buffer.from("x"))).rejects.toMatchObject({ message: expect.not.stringContaining(folder) });
    await expect(store.get("0".repeat(64))).rejects.toMatchObject(refusal);
  });

  it("keeps nothing of what could not be written", async () => {
    const bytes = Buffer.from("y");
    const digest = digestOf(bytes);
    const place = join(folder, "half", "artefacts", digest.slice(0, 2));
    // Nothing can be renamed to a folder.
    await mkdir(join(place, digest), { recursive: true });
    await expect(machine(join(folder, "half")).put(bytes)).rejects.toThrow();
    expect(await readdir(place)).toEqual([digest]);
  });
});

it("a bucket that refuses or does not answer is told of, without its name", async () => {
  const store = openArtefacts({
    dataFolder: join(folder, "refused"),
    sharedArtefacts: PLACES.bucket?.(),
    hosts: { ...hosts, s3: { ...hosts.s3, credentials: undefined } },
  } as Config);
  const put = store.put(Buffer.from("x"));
  await expect(put).rejects.toMatchObject({ code: "FORBIDDEN", message: expect.not.stringContaining("histoql") });
  const away = openArtefacts({
    dataFolder: join(folder, "away"),
    sharedArtefacts: PLACES.bucket?.(),
    hosts: { ...hosts, s3: { ...hosts.s3, endpoint: "http://127.0.0.1:1" } },
  } as Config);
  await expect(away.put(Buffer.from("x"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
});

describe("a worker with an empty data folder", () => {
  let world: World;
  const config = (): Partial<Config> => ({ hosts, sharedArtefacts: PLACES.bucket?.() });
  beforeAll(async () => {
    world = await createWorld({ work: process.env.DATABASE_URL === undefined, config: config() });
    const slides = await renderSlides(world, 2);
    await world.ask('mutation { createStudy(input: {key: "glioma", name: "Glioma"}) { study { id } } }');
    await world.ask(
      'mutation($path: String!) { registerSlides(input: {studyKey: "glioma", paths: [$path]}) { errors { code } } }',
      { path: slides },
    );
    await writeFile(join(world.folder, "tiny.onnx"), channelMeans());
    const card = tinyCard();
    const { registerEncoder } = await world.ask<{ registerEncoder: { errors: unknown[] } }>(
      'mutation($card: JSON!, $dims: Int!) { registerEncoder(input: {key: "tiny", name: "Tiny", dims: $dims, path: "tiny.onnx", card: $card}) { errors { code message } } }',
      { card, dims: card.dims },
    );
    expect(registerEncoder.errors).toEqual([]);
  });
  afterAll(() => world.close());

  const embed = async (featureSet: string): Promise<string> => {
    const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string } } }>(
      'mutation($set: String!) { embedSlides(input: {slides: {studyKey: "glioma"}, encoderKey: "tiny", featureSetKey: $set, grid: {minTissue: 0.1}}) { job { id } errors { code message } } }',
      { set: featureSet },
    );
    return embedSlides.job.id;
  };

  it.runIf(process.env.DATABASE_URL === undefined)("embeds with an encoder that the server registered", async () => {
    // The embedded database belongs to one process, whose data folder is emptied in place of another machine's.
    await rm(join(world.app.config.dataFolder, "artefacts"), { recursive: true });
    expect(await world.jobEnd(await embed("tiny"))).toBe("SUCCEEDED");
    expect((await readdir(join(world.app.config.dataFolder, "artefacts"))).length).toBeGreaterThan(0);
  });

  it.runIf(process.env.DATABASE_URL !== undefined)("embeds with an encoder that the server registered", async () => {
    const job = await embed("tiny");
    const worker = await createApp({ ...world.app.config, dataFolder: join(world.folder, "worker") });
    try {
      expect(await world.jobEnd(job)).toBe("SUCCEEDED");
      const { rows } = await world.app.database.query<{ mask_digest: string }>("SELECT mask_digest FROM patch_grid");
      expect(rows).toHaveLength(2);
      // The masks that the worker made are there for the server's pictures.
      for (const row of rows) expect((await world.app.artefacts.get(row.mask_digest)).length).toBeGreaterThan(0);
    } finally {
      await worker.close();
    }
  });
});
