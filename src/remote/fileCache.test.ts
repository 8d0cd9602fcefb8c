import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileHost, startFileHost } from "../../test/support/fileHost.ts";
import { digestOf } from "../platform/digest.ts";
import { type HostSettings, parseRemote } from "../platform/hosts.ts";
import { createFileCache } from "./fileCache.ts";
import { createRemote } from "./remote.ts";

const KIB = 1024;

let host: FileHost;
let folder: string;
beforeEach(async () => {
  host = await startFileHost();
  folder = await mkdtemp(join(tmpdir(), "histoql-cache-"));
});
afterEach(async () => {
  await host.close();
  await rm(folder, { recursive: true, force: true });
});

const settings = (): HostSettings => ({
  prefixes: [parseRemote(`${host.origin}/`)],
  authorizations: new Map(),
  s3: { endpoint: host.origin, region: "us-east-1", credentials: undefined },
});

const remoteOf = () => createRemote(settings());
const cacheOf = (maxBytes = 10_000 * KIB) => createFileCache(folder, maxBytes, remoteOf());
const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const addressOf = (path: string) => parseRemote(`${host.origin}${path}`);

const publish = async (path: string, kib: number, content = randomBytes(kib * KIB)) => {
  host.files.set(path, content);
  const address = addressOf(path);
  return { address, content, known: { ...(await remoteOf().look(address)), checksum: sha256(content) } };
};

/** Names of the files that are there whole. */
const kept = () => readdir(join(folder, "files"));

describe("a file of a host", () => {
  it("comes once, whole, and is kept", async () => {
    const { address, content, known } = await publish("/slides/a.svs", 300);
    const cache = cacheOf();
    const first = await cache.hold(address, known);
    expect(await readFile(first.path)).toEqual(content);
    expect(first.path.endsWith(`${known.checksum}.svs`)).toBe(true);
    await first.release();
    const sent = host.sentBytes();
    await (await cache.hold(address, known, { verify: true })).release();
    expect(host.sentBytes()).toBe(sent);
    expect(await readdir(join(folder, "parts"))).toEqual([]);
    expect(await readdir(join(folder, "pins"))).toEqual([]);
  });

  it("comes once, however many ask at a time in however many processes", async () => {
    const { address, known } = await publish("/a.svs", 500);
    host.faults.delayMs = 5;
    const before = host.sentBytes();
    // Caches on one folder know nothing of each other but what lies in it, as processes do.
    const held = await Promise.all(Array.from({ length: 8 }, () => cacheOf().hold(address, known)));
    expect(new Set(held.map(({ path }) => path)).size).toBe(1);
    expect(host.sentBytes() - before).toBe(known.bytes);
    await Promise.all(held.map(({ release }) => release()));
  });

  it("also where its content is not known yet", async () => {
    const { address, known } = await publish("/a.svs", 300);
    const before = host.sentBytes();
    const { checksum, ...seen } = known;
    const held = await Promise.all([cacheOf().fetch(address, seen), cacheOf().fetch(address, seen)]);
    expect(held.map((file) => file.checksum)).toEqual([checksum, checksum]);
    // One more byte tells that it is still the same.
    expect(host.sentBytes() - before).toBe(known.bytes + 1);
  });

  it("goes on where the connection broke", async () => {
    const { address, content, known } = await publish("/a.svs", 1000);
    host.faults.breakAfterBytes = 300 * KIB;
    const before = host.sentBytes();
    const held = await cacheOf().hold(address, known);
    expect(await readFile(held.path)).toEqual(content);
    expect(host.asked.length).toBeGreaterThan(3);
    // What was on its way when the connection broke may be lost each time.
    expect(host.sentBytes() - before).toBeLessThan(2 * known.bytes);
  });

  it("goes on where a killed process ended, and only if the content is the same", async () => {
    const { address, content, known } = await publish("/a.svs", 1000);
    const cache = cacheOf();
    const part = join(folder, "parts", digestOf(address.url));
    await (await cache.hold(address, known)).release();
    const leave = async (bytes: Buffer, tag: string) => {
      await rm(join(folder, "files"), { recursive: true });
      await writeFile(part, bytes);
      await writeFile(`${part}.tag`, tag);
      const before = host.sentBytes();
      const fresh = cacheOf();
      const held = await fresh.hold(address, known);
      expect(await readFile(held.path)).toEqual(content);
      return host.sentBytes() - before;
    };
    expect(await leave(content.subarray(0, 700 * KIB), known.tag ?? "")).toBe(300 * KIB);
    expect(await leave(randomBytes(700 * KIB), '"another"')).toBe(1000 * KIB);
    expect(await leave(content, known.tag ?? "")).toBe(0);
  });

  it("starts anew where the host knows no ranges", async () => {
    const { address, content, known } = await publish("/a.svs", 400);
    host.faults.withoutRanges = true;
    setTimeout(() => {
      host.faults.breakAfterBytes = undefined;
    }, 100);
    host.faults.breakAfterBytes = 200 * KIB;
    const held = await cacheOf().hold(address, known);
    expect(await readFile(held.path)).toEqual(content);
  });

  it("is given up where a host without ranges breaks off each time", async () => {
    const { address, known } = await publish("/a.svs", 400);
    Object.assign(host.faults, { withoutRanges: true, breakAfterBytes: 200 * KIB });
    const asked = host.asked.length;
    await expect(cacheOf().hold(address, known, { attempts: 3 })).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    // One that got further than any before does not count as an attempt.
    expect(host.asked.length - asked).toBeLessThan(10);
  });

  it("is refused when it is another one, damaged, gone, or sent on from elsewhere", async () => {
    const { address, content, known } = await publish("/a.svs", 100);
    const cache = cacheOf();
    const refused = (code: string) => expect(cache.hold(address, known)).rejects.toMatchObject({ code });
    host.faults.sends = randomBytes(content.length);
    await refused("SLIDE_CORRUPT");
    host.faults.sends = undefined;
    host.files.set("/a.svs", randomBytes(content.length));
    await refused("CONFLICT");
    host.files.set("/a.svs", randomBytes(5));
    await refused("CONFLICT");
    host.files.delete("/a.svs");
    await refused("FILE_NOT_FOUND");
    host.files.set("/elsewhere/a.svs", content);
    Object.assign(host.faults, { status: 302, location: `${host.origin}/elsewhere/a.svs` });
    await refused("FORBIDDEN");
    expect(host.asked.some((line) => line.includes("elsewhere"))).toBe(false);
    Object.assign(host.faults, { status: 403, location: undefined });
    await refused("FORBIDDEN");
    host.faults.status = 503;
    const why = expect.stringContaining("status 503");
    await expect(cache.hold(address, known)).rejects.toMatchObject({ code: "FILE_NOT_FOUND", message: why });
    expect(await kept()).toEqual([]);
  });

  it.each([301, 400])("of a bucket is refused for the region or the session where S3 answers %s", async (status) => {
    const { known } = await publish("/bank/a.svs", 10);
    host.faults.status = status;
    const remote = createRemote({ ...settings(), prefixes: [parseRemote("s3://bank/")] });
    const asked = createFileCache(folder, 10 ** 6, remote).hold(parseRemote("s3://bank/a.svs"), known);
    const fix = expect.stringMatching(/AWS_REGION.*AWS_SESSION_TOKEN/);
    await expect(asked).rejects.toMatchObject({ code: "FORBIDDEN", fix });
  });

  it("is refused where the operator does not let it be read any more", async () => {
    const { address, known } = await publish("/a.svs", 10);
    const cache = createFileCache(folder, 10 ** 6, createRemote({ ...settings(), prefixes: [] }));
    const before = host.asked.length;
    const fix = expect.stringContaining("HISTOQL_HOSTS");
    await expect(cache.hold(address, known)).rejects.toMatchObject({ code: "FORBIDDEN", fix });
    expect(host.asked.length).toBe(before);
  });

  it("is fetched again when its copy rotted", async () => {
    const { address, content, known } = await publish("/a.svs", 50);
    const cache = cacheOf();
    const { path, release } = await cache.hold(address, known);
    await release();
    await writeFile(path, randomBytes(50 * KIB));
    const again = await cache.hold(address, known, { verify: true });
    expect(await readFile(again.path)).toEqual(content);
  });

  it("is fetched again when a power failure cut its copy off", async () => {
    const { address, content, known } = await publish("/a.svs", 50);
    const cache = cacheOf();
    const { path, release } = await cache.hold(address, known);
    await release();
    await truncate(path, 7 * KIB);
    expect(await readFile((await cache.hold(address, known)).path)).toEqual(content);
  });

  it("is refused where it changes while it comes and nobody knows its content yet", async () => {
    const { address, known } = await publish("/a.svs", 300);
    const { checksum: _, ...seen } = known;
    host.faults.delayMs = 30;
    const asked = cacheOf().fetch(address, seen);
    setTimeout(() => host.files.set("/a.svs", randomBytes(300 * KIB)), 60);
    await expect(asked).rejects.toMatchObject({ code: "CONFLICT", message: expect.stringContaining("while") });
    expect(await kept()).toEqual([]);
    expect(await readdir(join(folder, "parts"))).toEqual([]);
  });

  it("comes again after somebody emptied the folder", async () => {
    const { address, content, known } = await publish("/a.svs", 20);
    const cache = cacheOf();
    await (await cache.hold(address, known)).release();
    for (const room of await readdir(folder)) await rm(join(folder, room), { recursive: true });
    const held = await cache.hold(address, known);
    expect(await readFile(held.path)).toEqual(content);
    await held.release();
  });

  it("is refused in words where the disk cannot take it", async () => {
    const { address, known } = await publish("/a.svs", 20);
    await writeFile(join(folder, "parts"), "no folder");
    const refused = expect(cacheOf().hold(address, known)).rejects;
    await refused.toMatchObject({ code: "LIMIT_EXCEEDED", message: expect.not.stringContaining(folder) });
  });

  it("stops coming when nobody wants it any more", async () => {
    const { address, known } = await publish("/a.svs", 2000);
    host.faults.delayMs = 20;
    const controller = new AbortController();
    const asked = cacheOf().hold(address, known, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("cancelled")), 100);
    await expect(asked).rejects.toThrow("cancelled");
    expect(await readdir(join(folder, "locks"))).toEqual([]);
    expect(await kept()).toEqual([]);
  });
});

describe("room", () => {
  it("is made by what was used longest ago", async () => {
    const [a, b, c] = [await publish("/a.svs", 40), await publish("/b.svs", 40), await publish("/c.svs", 40)];
    const cache = cacheOf(100 * KIB);
    const use = async ({ address, known }: typeof a) => {
      await (await cache.hold(address, known)).release();
      // Times of files may be coarse.
      await new Promise((wake) => setTimeout(wake, 20));
    };
    await use(a);
    await use(b);
    await use(a);
    await use(c);
    expect((await kept()).sort()).toEqual([`${a.known.checksum}.svs`, `${c.known.checksum}.svs`].sort());
  });

  it("is never made by what is held, in whichever process; who needs it waits", async () => {
    const [a, b] = [await publish("/a.svs", 60), await publish("/b.svs", 60)];
    const held = await cacheOf(100 * KIB).hold(a.address, a.known);
    let hasCome = false;
    const waiting = cacheOf(100 * KIB)
      .hold(b.address, b.known)
      .then((file) => {
        hasCome = true;
        return file;
      });
    await new Promise((wake) => setTimeout(wake, 700));
    expect(hasCome).toBe(false);
    expect(await readFile(held.path)).toEqual(a.content);
    await held.release();
    await (await waiting).release();
    expect(await kept()).toEqual([`${b.known.checksum}.svs`]);
  });

  it("is made where the disk is full before the limit is reached; nothing goes for what would not fit", async () => {
    const files = await Promise.all(["/a.svs", "/b.svs", "/c.svs"].map((path) => publish(path, 40)));
    const large = await publish("/large.svs", 120);
    const sizes = async (room: string) => {
      const names = await readdir(join(folder, room));
      return Promise.all(names.map(async (name) => (await stat(join(folder, room, name))).size));
    };
    const disk = async () =>
      [...(await sizes("files")), ...(await sizes("parts"))].reduce((left, size) => left - size, 100 * KIB);
    const cache = createFileCache(folder, 10_000 * KIB, remoteOf(), disk);
    for (const { address, known } of files) await (await cache.hold(address, known)).release();
    expect(await kept()).toHaveLength(2);
    const refused = { code: "LIMIT_EXCEEDED", message: expect.stringContaining("ENOSPC") };
    await expect(cache.hold(large.address, large.known)).rejects.toMatchObject(refused);
    expect(await kept()).toHaveLength(2);
  });

  it("cannot be made for what is larger than all of it", async () => {
    const { address, known } = await publish("/a.svs", 60);
    await expect(cacheOf(50 * KIB).hold(address, known)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  it("is shared by downloads that run at a time", async () => {
    const files = await Promise.all(["/a.svs", "/b.svs", "/c.svs", "/d.svs"].map((path) => publish(path, 40)));
    host.faults.delayMs = 10;
    let most = 0;
    const watch = setInterval(async () => {
      const sizes = await Promise.all(
        ["files", "parts"].map(async (room) => {
          const names = await readdir(join(folder, room)).catch(() => []);
          const found = await Promise.all(names.map((name) => stat(join(folder, room, name)).catch(() => undefined)));
          return found.reduce((sum, file) => sum + (file?.size ?? 0), 0);
        }),
      );
      most = Math.max(most, sizes[0] as number, (sizes[0] as number) + (sizes[1] as number) - KIB);
    }, 5);
    await Promise.all(
      files.map(async ({ address, known }) => {
        await (await cacheOf(100 * KIB).hold(address, known)).release();
      }),
    );
    clearInterval(watch);
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(100 * KIB);
  });

  it("is given back by processes that were killed", async () => {
    const [a, b] = [await publish("/a.svs", 60), await publish("/b.svs", 60)];
    const cache = cacheOf(100 * KIB);
    await (await cache.hold(a.address, a.known)).release();
    const long = new Date(Date.now() - 3_600_000);
    const leave = async (path: string) => {
      await writeFile(join(folder, path), "");
      await utimes(join(folder, path), long, long);
    };
    // A pin, a lock and half a download, which nobody touches any more.
    await leave(`pins/${a.known.checksum}.svs~gone`);
    await leave("locks/room");
    await leave("parts/gone.60000.bytes");
    await (await cache.hold(b.address, b.known)).release();
    expect(await kept()).toEqual([`${b.known.checksum}.svs`]);
  });
});
