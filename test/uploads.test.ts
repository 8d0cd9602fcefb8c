import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { channelMeans, tinyCard } from "../src/inference/tiny-encoders.ts";
import { sweepUploads } from "../src/modules/upload/upload.service.ts";
import type { Viewer } from "../src/platform/authorisation.ts";
import { startServer } from "../src/server/start.ts";
import { writingNothing } from "./support/counts.ts";
import { createWorld, type World } from "./support/world.ts";

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Created = { upload: { id: string; url: string; expiresAt: string } | null; errors: UserError[] };

const CREATE =
  "mutation($input: CreateUploadInput!) { createUpload(input: $input) { upload { id url expiresAt } errors { code message path fix } } }";
const IMPORT =
  'mutation($upload: ID!, $column: String!, $dryRun: Boolean!) { importClinical(input: {studyKey: "study", upload: $upload, patientColumn: $column, dryRun: $dryRun}) { created errors { code message path } } }';
const MAX_BYTES = 8 * 2 ** 20;

let world: World;
let server: { url: string; close(): Promise<void> };

const create = async (bytes: number, more: Record<string, unknown> = {}): Promise<Created> => {
  const { createUpload } = await world.ask<{ createUpload: Created }>(CREATE, {
    input: { name: "table.csv", bytes, ...more },
  });
  return createUpload;
};

const place = async (bytes: number, more: Record<string, unknown> = {}) => {
  const { upload } = await create(bytes, more);
  if (!upload) throw new Error("No upload was made.");
  return upload;
};

/** The URL as the running server has it; resolvers of this world name a host of their own. */
const onServer = (url: string): string => `${server.url}${url.slice(new URL(url).origin.length)}`;

const put = async (url: string, body: Uint8Array | string) => {
  const answer = await fetch(onServer(url), { method: "PUT", body });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : (JSON.parse(text) as { code: string; fix: string }) };
};

const filesLeft = () => readdir(join(world.app.config.dataFolder, "uploads")).catch(() => []);

const useTable = async (upload: string, column = "patient", dryRun = false, viewer?: Viewer) => {
  const { data } = await world.query<{ importClinical: { created: number; errors: UserError[] } }>(
    IMPORT,
    { upload, column, dryRun },
    viewer,
  );
  return data?.importClinical;
};

beforeAll(async () => {
  world = await createWorld({ work: false, config: { maxUploadBytes: MAX_BYTES, port: 0 } });
  server = await startServer(world.app);
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
});
afterAll(async () => {
  await server.close();
  await world.close();
});

const TABLE = "patient,age\nP1,50\nP2,60\n";

describe("an upload", () => {
  it("is sent once, checked, used once and gone", async () => {
    const sha256 = createHash("sha256").update(TABLE).digest("hex");
    const { id, url, expiresAt } = await place(TABLE.length, { sha256: sha256.toUpperCase() });
    expect(Date.parse(expiresAt) - Date.now()).toBeGreaterThan(50 * 60_000);
    expect(await useTable(id)).toMatchObject({ errors: [{ code: "CONFLICT", path: ["upload"] }] });
    expect(await put(url, TABLE)).toEqual({ status: 204, body: null });
    expect(await put(url, TABLE)).toMatchObject({ status: 409, body: { code: "CONFLICT" } });
    expect(await filesLeft()).toEqual([id]);
    // What is refused or only tried leaves it, so that the rest of the input can be mended.
    expect(await useTable(id, "patients")).toMatchObject({ errors: [{ code: "COLUMN_UNKNOWN" }] });
    expect(await useTable(id, "patient", true)).toEqual({ created: 2, errors: [] });
    expect(await useTable(id)).toEqual({ created: 2, errors: [] });
    expect(await filesLeft()).toEqual([]);
    expect(await useTable(id)).toMatchObject({ errors: [{ code: "NOT_FOUND", path: ["upload"] }] });
    expect(await put(url, TABLE)).toMatchObject({ status: 410, body: { code: "NOT_FOUND" } });
  });

  it("keeps nothing of its name but the ending", async () => {
    const { id } = await place(4, { name: "Jane Doe 1950.XLSX" });
    expect(await world.app.prisma.upload.findUnique({ where: { id } })).toMatchObject({ name: ".xlsx" });
  });

  it("of another size or digest is refused and leaves nothing; the right bytes may follow", async () => {
    const { id, url } = await place(TABLE.length, { sha256: createHash("sha256").update(TABLE).digest("hex") });
    expect(await put(url, `${TABLE}more`)).toMatchObject({ status: 400, body: { code: "BAD_ARGUMENT" } });
    expect(await put(url, TABLE.slice(1))).toMatchObject({ status: 400, body: { code: "BAD_ARGUMENT" } });
    expect(await put(url, TABLE.replace("50", "51"))).toMatchObject({ status: 400, body: { code: "BAD_ARGUMENT" } });
    expect(await filesLeft()).toEqual([]);
    expect((await put(url, TABLE)).status).toBe(204);
    expect(await filesLeft()).toEqual([id]);
    await world.app.prisma.upload.delete({ where: { id } });
    await sweepUploads(world.app);
  });

  it("without announced length is stopped at its size", async () => {
    const { url } = await place(1000);
    const endless = Readable.from(
      (function* () {
        for (let sent = 0; sent < 2000; sent++) yield randomBytes(1000);
      })(),
    );
    const status = await new Promise<number | "cut off">((resolve) => {
      const sending = request(onServer(url), { method: "PUT" }, (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      });
      // The server may close before everything is sent.
      sending.once("error", () => resolve("cut off"));
      endless.pipe(sending);
    });
    expect([400, "cut off"]).toContain(status);
    expect(await filesLeft()).toEqual([]);
  });

  it("that breaks off leaves nothing", async () => {
    const { id, url } = await place(1_000_000);
    await new Promise<void>((resolve) => {
      const sending = request(onServer(url), { method: "PUT", headers: { "content-length": 1_000_000 } });
      sending.once("error", () => resolve());
      sending.write(randomBytes(500_000), () => setTimeout(() => sending.destroy(new Error("gone")), 100));
    });
    await expect.poll(filesLeft, { timeout: 5000 }).toEqual([]);
    expect(await world.app.prisma.upload.findUnique({ where: { id } })).toMatchObject({ receivedAt: null });
  });

  it("takes bytes of any kind, in one request at a time", async () => {
    const bytes = randomBytes(MAX_BYTES);
    const { id, url } = await place(bytes.length);
    const answers = await Promise.all([put(url, bytes), put(url, bytes)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(await filesLeft()).toEqual([id]);
    await world.app.prisma.upload.delete({ where: { id } });
    await sweepUploads(world.app);
    expect(await filesLeft()).toEqual([]);
  });

  it("brings a model", async () => {
    const model = channelMeans();
    const { id, url } = await place(model.length, { name: "model.onnx" });
    expect((await put(url, model)).status).toBe(204);
    const card = tinyCard();
    const { registerEncoder } = await world.ask<{ registerEncoder: Record<string, unknown> }>(
      "mutation($input: RegisterEncoderInput!) { registerEncoder(input: $input) { encoder { key model { bytes } } errors { code message } } }",
      { input: { key: card.key, name: card.name, dims: card.dims, card, upload: id } },
    );
    expect(registerEncoder).toEqual({ encoder: { key: card.key, model: { bytes: model.length } }, errors: [] });
    expect(await filesLeft()).toEqual([]);
  });

  it("is no encoder under a card that was written for another file", async () => {
    const model = channelMeans();
    const { id, url } = await place(model.length, { name: "model.onnx" });
    expect((await put(url, model)).status).toBe(204);
    const card = tinyCard({ key: "another-file", digest: "f".repeat(64) });
    const { registerEncoder } = await world.ask<{ registerEncoder: Record<string, unknown> }>(
      "mutation($input: RegisterEncoderInput!) { registerEncoder(input: $input) { encoder { key } errors { code path } } }",
      { input: { key: card.key, name: card.name, dims: card.dims, card, upload: id } },
    );
    const errors = [{ code: "MODEL_INCOMPATIBLE", path: ["card", "digest"] }];
    expect(registerEncoder).toEqual({ encoder: null, errors });
  });
});

describe("what is refused", () => {
  const cases: [string, Record<string, unknown>, Partial<UserError>][] = [
    ["2 GB over the limit", { bytes: 2_000_000_000 }, { code: "LIMIT_EXCEEDED", path: ["bytes"] }],
    ["a byte over the limit", { bytes: MAX_BYTES + 1 }, { code: "LIMIT_EXCEEDED", path: ["bytes"] }],
    ["nothing", { bytes: 0 }, { code: "BAD_ARGUMENT", path: ["bytes"] }],
    ["less than nothing", { bytes: -1 }, { code: "BAD_ARGUMENT", path: ["bytes"] }],
    ["what is no digest", { bytes: 1, sha256: "abc" }, { code: "BAD_ARGUMENT", path: ["sha256"] }],
  ];
  it.each(cases)("%s", async (_name, input, error) => {
    const { upload, errors } = await writingNothing(world.app.database, () => create(1, input));
    expect(upload).toBeNull();
    expect(errors).toMatchObject([error]);
    expect(errors[0]?.fix).toBeTruthy();
  });

  it("another viewer's upload, and an upload of one who may write nowhere", async () => {
    const { id, url } = await place(TABLE.length);
    await put(url, TABLE);
    const other: Viewer = { name: "other", grants: [{ studyKey: "study", role: "EDITOR" }] };
    expect(await useTable(id, "patient", false, other)).toMatchObject({
      created: 0,
      errors: [{ code: "FORBIDDEN", path: ["upload"] }],
    });
    const reader: Viewer = { name: "reader", grants: [{ studyKey: "study", role: "READER" }] };
    const { errors } = await world.query(CREATE, { input: { name: "a.csv", bytes: 1 } }, reader);
    expect(errors).toMatchObject([{ code: "FORBIDDEN" }]);
  });

  it("a link that was not signed, for another upload, or too late", async () => {
    const [one, two] = [await place(4), await place(4)];
    const query = new URL(one.url).search;
    const unsigned = one.url.slice(0, -query.length);
    for (const url of [unsigned, `${one.url}x`, two.url.replace(new URL(two.url).search, query)]) {
      expect(await put(url, "abcd")).toMatchObject({ status: 403, body: { code: "FORBIDDEN" } });
    }
    await world.app.prisma.upload.update({ where: { id: one.id }, data: { expiresAt: new Date(0) } });
    expect(await put(one.url, "abcd")).toMatchObject({ status: 410, body: { code: "NOT_FOUND" } });
  });
});

it("abandoned uploads and stray bytes are swept, the others stay", async () => {
  const [kept, expired] = [await place(TABLE.length), await place(TABLE.length)];
  for (const { url } of [kept, expired]) expect((await put(url, TABLE)).status).toBe(204);
  const folder = join(world.app.config.dataFolder, "uploads");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${crypto.randomUUID()}.part`), "half");
  await world.app.prisma.upload.update({ where: { id: expired.id }, data: { expiresAt: new Date(0) } });
  await sweepUploads(world.app);
  const left = await filesLeft();
  expect(left).toContain(kept.id);
  expect(left).not.toContain(expired.id);
  expect(left.filter((name) => name.endsWith(".part"))).toEqual([]);
  expect(await world.app.prisma.upload.findUnique({ where: { id: expired.id } })).toBeNull();
});
