import { createHash } from "node:crypto";
import { type Table, tableFromIPC } from "apache-arrow";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METADATA_KEY } from "../src/formats/arrow.ts";
import { encodeId } from "../src/platform/ids.ts";
import { startServer } from "../src/server/start.ts";
import { scoreImportedHead, storeMilStudy } from "./support/milStudy.ts";
import { createWorld, type World } from "./support/world.ts";

/** Vectors on their way out of the graph: the same rows, the same numbers, and nobody else's. */

type UserError = { code: string; message: string; path: string[] | null; fix: string | null };
type Exported = {
  url: string;
  rows: number;
  bytes: number;
  expiresAt: string;
  slidesLeftOut: number;
  job: { id: string } | null;
  errors: UserError[];
};
type PatchNode = {
  id: string;
  x: number;
  y: number;
  size: number;
  slide: {
    key: string;
    clinical: Record<string, unknown>;
    patient: { key: string; clinical: Record<string, unknown> };
  };
  vector: string;
  phenotype: { index: number } | null;
  attention: number | null;
};

const EXPORT =
  "mutation($input: ExportFeaturesInput!) { exportFeatures(input: $input) { url rows bytes expiresAt slidesLeftOut job { id } errors { code message path fix } } }";
const PATIENTS = 6;
/** Of each patient's two slides. */
const PATCHES = 21;

let world: World;
let server: { url: string; close(): Promise<void> };
let featureSet: string;
let featureSetId: number;
let codebook: string;
let phenotypes: { id: string; index: number; size: number }[];
let score: string;

const ask = async (input: Record<string, unknown> = {}): Promise<Exported> => {
  const { exportFeatures } = await world.ask<{ exportFeatures: Exported }>(EXPORT, { input: { featureSet, ...input } });
  return exportFeatures;
};

/** The URL as the running server has it; resolvers of this world name a host of their own. */
const onServer = (url: string): string => `${server.url}${url.slice(new URL(url).origin.length)}`;

const metadataOf = (table: Table): Record<string, unknown> =>
  JSON.parse(table.schema.metadata.get(METADATA_KEY) ?? "null");

const read = async (url: string): Promise<Table> => {
  const answer = await fetch(onServer(url));
  expect(answer.status).toBe(200);
  return tableFromIPC(await answer.bytes());
};

const take = async (input: Record<string, unknown> = {}): Promise<Table> => {
  const { url, rows, errors } = await ask(input);
  expect(errors).toEqual([]);
  const table = await read(url);
  expect(table.numRows).toBe(rows);
  return table;
};

const column = (table: Table, name: string): unknown[] => [...(table.getChild(name) ?? [])];

const buildCodebook = async (): Promise<void> => {
  const { buildCodebook: built } = await world.ask<{ buildCodebook: { job: { id: string } } }>(
    "mutation($input: BuildCodebookInput!) { buildCodebook(input: $input) { job { id } } }",
    { input: { featureSet, scope: "STUDY", clusters: 3, seed: 1 } },
  );
  expect(await world.jobEnd(built.job.id)).toBe("SUCCEEDED");
  const { study } = await world.ask<{ study: { codebooks: { id: string; phenotypes: typeof phenotypes }[] } }>(
    '{ study(key: "glioma") { codebooks { id phenotypes { id index size } } } }',
  );
  codebook = study.codebooks[0]?.id ?? "";
  phenotypes = study.codebooks[0]?.phenotypes ?? [];
};

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  server = await startServer(world.app);
  ({ featureSet, featureSetId } = await storeMilStudy(world, "glioma", PATIENTS));
  await buildCodebook();
  ({ score } = await scoreImportedHead(world, featureSet));
});
afterAll(async () => {
  await server.close();
  await world.close();
});

describe("an Arrow stream", () => {
  it("holds every patch as the graph tells it, in single precision", async () => {
    const table = await take({ codebook, score, columns: ["age", "pattern", "grade", "note"] });
    expect(table.numRows).toBe(PATIENTS * PATCHES);
    expect(table.schema.fields.map(({ name }) => name)).toEqual(
      "patch slide patient x y size micronsPerPixel phenotype attention age pattern grade note vector".split(" "),
    );
    const ids = column(table, "patch") as string[];
    expect(new Set(ids).size).toBe(ids.length);
    const { nodes } = await world.ask<{ nodes: PatchNode[] }>(
      `query($ids: [ID!]!, $featureSet: ID!, $codebook: ID!, $score: ID!) { nodes(ids: $ids) { id ... on Patch {
        x y size slide { key clinical patient { key clinical } }
        vector(featureSet: $featureSet) phenotype(codebook: $codebook) { index } attention(score: $score) } } }`,
      { ids, featureSet, codebook, score },
    );
    expect(nodes).toHaveLength(ids.length);
    nodes.forEach((node, row) => {
      const got = table.get(row)?.toJSON() as Record<string, unknown>;
      const { slide, phenotype, attention } = node;
      expect([got.patch, got.slide, got.patient, got.x, got.y, got.size, got.micronsPerPixel]).toEqual([
        node.id,
        slide.key,
        slide.patient.key,
        node.x,
        node.y,
        node.size,
        0.5,
      ]);
      expect(got.phenotype).toBe(String(phenotype?.index));
      expect(got.attention).toEqual(attention === null ? null : Math.fround(attention));
      expect([got.age, got.pattern, got.grade, got.note]).toEqual([
        slide.patient.clinical.age,
        slide.patient.clinical.pattern,
        slide.clinical.grade,
        null,
      ]);
      const stored = Buffer.from(node.vector, "base64");
      expect(Float32Array.from(got.vector as Iterable<number>)).toEqual(
        Float32Array.from({ length: stored.length / 4 }, (_, index) => stored.readFloatLE(index * 4)),
      );
    });
    expect(column(table, "attention").filter((weight) => weight !== null)).toHaveLength(PATCHES);
  });

  it("holds the same numbers in half precision, half as long", async () => {
    const [single, half] = [await take(), await take({ precision: "FLOAT16" })];
    expect(half.getChild("vector")?.type.toString()).toContain("Float16");
    const numbers = (table: Table) => column(table, "vector").map((vector) => [...(vector as Iterable<number>)]);
    expect(numbers(half)).toEqual(numbers(single));
  });

  it("tells where its vectors come from", async () => {
    const filter = { patients: { keys: ["glioma-p01"] } };
    const table = await take({ filter });
    const { node } = await world.ask<{ node: { lineage: { digest: string } } }>(
      "query($id: ID!) { node(id: $id) { ... on FeatureSet { lineage { digest } } } }",
      { id: featureSet },
    );
    expect(metadataOf(table)).toMatchObject({
      study: "glioma",
      featureSet: { id: featureSet, key: "cnn", dims: 6, level: "PATCH", ...node },
      precision: "FLOAT32",
      storedPrecision: "FLOAT16",
      rows: PATCHES,
      filter,
    });
  });

  it("has columns and an end where no patch passes", async () => {
    const table = await take({ filter: { patients: { keys: ["nobody"] } }, columns: ["age"] });
    expect(table.numRows).toBe(0);
    expect(table.schema.fields.map(({ name }) => name)).toContain("age");
  });
});

describe("Parquet files", () => {
  type Manifest = {
    rows: number;
    precision: string;
    files: { rows: number; bytes: number; sha256: string; url: string }[];
  };

  it.each(["FLOAT32", "FLOAT16"])(
    "hold the same rows in %s, under a manifest with their digests",
    async (precision) => {
      const columns = ["age", "pattern", "grade", "note"];
      const { url, rows, job, errors } = await ask({ format: "PARQUET", precision, codebook, score, columns });
      expect([errors, rows]).toEqual([[], PATIENTS * PATCHES]);
      expect(await world.jobEnd(job?.id ?? "")).toBe("SUCCEEDED");
      const manifest = (await (await fetch(onServer(url))).json()) as Manifest;
      expect(manifest).toMatchObject({ rows, precision, study: "glioma" });
      expect(manifest.files.map((file) => file.rows)).toEqual([rows]);
      const [file] = manifest.files;
      const answer = await fetch(file?.url ?? "");
      const bytes = await answer.bytes();
      expect([bytes.length, createHash("sha256").update(bytes).digest("hex")]).toEqual([file?.bytes, file?.sha256]);
      const written = await parquetReadObjects({ file: bytes.slice().buffer, compressors });
      const table = await take({ precision, codebook, score, columns });
      const plain = (row: Record<string, unknown>) => ({ ...row, vector: [...(row.vector as Iterable<number>)] });
      expect(written.map(plain)).toEqual(table.toArray().map((row) => plain(row.toJSON())));
      expect(await fetch((file?.url ?? "").replace("/0.parquet", "/1.parquet"))).toMatchObject({ status: 403 });
    },
  );
});

describe("a filter", () => {
  const keys = async (filter: Record<string, unknown>, name: string) => new Set(column(await take({ filter }), name));

  it("chooses patients and slides as it does elsewhere", async () => {
    expect(await keys({ patients: { keys: ["glioma-p00", "glioma-p03"] } }, "patient")).toEqual(
      new Set(["glioma-p00", "glioma-p03"]),
    );
    expect(await keys({ slides: { keys: ["glioma-p02-b"] } }, "slide")).toEqual(new Set(["glioma-p02-b"]));
    const low = { clinical: [{ attribute: "grade", test: { category: ["low"] } }] };
    expect(await keys({ slides: low }, "patient")).toEqual(new Set(["glioma-p01", "glioma-p03", "glioma-p05"]));
  });

  it("chooses phenotypes", async () => {
    const [first] = phenotypes;
    const table = await take({ filter: { phenotypes: [first?.id] }, codebook });
    expect(table.numRows).toBe(first?.size);
    expect(new Set(column(table, "phenotype"))).toEqual(new Set([String(first?.index)]));
  });

  it("chooses patches inside of an outline", async () => {
    const slide = encodeId("Slide", "glioma", "glioma-p04-b");
    const polygon = {
      type: "Polygon",
      coordinates: [
        [
          [0, 0],
          [448, 0],
          [448, 224],
          [0, 224],
        ],
      ],
    };
    const table = await take({ filter: { region: { slide, polygon } } });
    expect(column(table, "slide")).toEqual(["glioma-p04-b", "glioma-p04-b"]);
    expect(column(table, "x")).toEqual([0, 224]);
    expect(column(table, "y")).toEqual([0, 0]);
  });
});

describe("an export that cannot be", () => {
  it.each([
    ["an unknown column", { columns: ["age", "agee"] }, "COLUMN_UNKNOWN", ["columns", "1"]],
    ["a column twice", { columns: ["age", "age"] }, "BAD_ARGUMENT", ["columns", "1"]],
    ["an unknown feature set", { featureSet: encodeId("FeatureSet", "glioma", "none") }, "NOT_FOUND", ["featureSet"]],
    ["no codebook's id", { codebook: "x" }, "NOT_FOUND", ["codebook"]],
    ["no score's id", { score: "x" }, "NOT_FOUND", ["score"]],
    ["columns that a layout has no place for", { format: "CLAM_H5", columns: ["age"] }, "BAD_ARGUMENT", ["columns"]],
  ])("is refused for %s, and leaves no record", async (_what, input, code, path) => {
    const before = await world.app.prisma.export.count();
    const { url, errors } = await ask(input);
    expect(url).toBeNull();
    expect(errors.map((error) => [error.code, error.path])).toEqual([[code, path]]);
    expect(await world.app.prisma.export.count()).toBe(before);
  });

  it("is refused to a stranger", async () => {
    const stranger = { name: "stranger", grants: [{ studyKey: "other", role: "OWNER" as const }] };
    const { errors } = await world.query(EXPORT, { input: { featureSet } }, stranger);
    expect(errors?.map(({ code }) => code)).toEqual(["FORBIDDEN"]);
  });

  it("says which slides it leaves out, and breaks off when one of its own changes", async () => {
    const { database } = world.app;
    const setComplete = (isComplete: boolean) =>
      database.query(
        `UPDATE slide_features SET is_complete = $2 WHERE feature_set_id = $1
         AND slide_id = (SELECT id FROM slide WHERE key = 'glioma-p05-a')`,
        [featureSetId, isComplete],
      );
    const { url } = await ask();
    await setComplete(false);
    expect(await ask()).toMatchObject({ rows: PATIENTS * PATCHES - 9, slidesLeftOut: 1 });
    const answer = await fetch(onServer(url));
    expect([answer.status, ((await answer.json()) as UserError).code]).toEqual([409, "CONFLICT"]);
    await setComplete(true);
    expect(await ask()).toMatchObject({ rows: PATIENTS * PATCHES, slidesLeftOut: 0 });
  });
});

describe("an export whose codebook is gone", () => {
  it("is refused, and does not say that no patch has a phenotype", async () => {
    const { url } = await ask({ codebook });
    await world.app.database.query(
      "UPDATE export SET selection = jsonb_set(selection, '{codebook,codebookId}', '-1') WHERE id = $1",
      [new URL(url).pathname.match(/[0-9a-f-]{36}/)?.[0]],
    );
    const answer = await fetch(onServer(url));
    expect([answer.status, ((await answer.json()) as UserError).code]).toEqual([410, "NOT_FOUND"]);
  });
});

describe("an export whose slides have other vectors since, though as many", () => {
  it("is refused: whoever goes on would get a part of each", async () => {
    const { url } = await ask();
    const place = { featureSetId, slide: { key: "glioma-p05-a" } };
    const { completedAt } = await world.app.prisma.slideFeatures.findFirstOrThrow({ where: place });
    await world.app.prisma.slideFeatures.updateMany({ where: place, data: { completedAt: new Date() } });
    const answer = await fetch(onServer(url));
    expect([answer.status, ((await answer.json()) as UserError).code]).toEqual([409, "CONFLICT"]);
    expect((await read((await ask()).url)).numRows).toBe(PATIENTS * PATCHES);
    await world.app.prisma.slideFeatures.updateMany({ where: place, data: { completedAt } });
  });
});

describe("the address", () => {
  const statusOf = async (url: string) => (await fetch(onServer(url))).status;

  it("opens nothing when it is changed, and nothing after its time", async () => {
    const [{ url }, other] = [await ask(), await ask()];
    const id = (address: string) => new URL(address).pathname;
    expect(await statusOf(url.replace(id(url), id(other.url)))).toBe(403);
    expect(await statusOf(url.replace(/expires=(\d)/, "expires=9$1"))).toBe(403);
    expect(await statusOf(url.replace(/signature=.*/, ""))).toBe(403);
    expect(await statusOf(url)).toBe(200);
    const path = id(url);
    expect(await statusOf(`${server.url}${world.app.signer.sign(path, -120)}`)).toBe(403);
    await world.app.database.query("UPDATE export SET expires_at = now() - interval '1 second'");
    expect(await statusOf(url)).toBe(410);
  });

  it("is recorded with who asked for what, and how often it was read", async () => {
    const { url } = await ask({ filter: { patients: { keys: ["glioma-p01"] } } });
    const id = new URL(url).pathname.match(/[0-9a-f-]{36}/)?.[0];
    await read(url);
    await read(url);
    const row = await world.app.prisma.export.findUniqueOrThrow({ where: { id } });
    expect(row).toMatchObject({
      studyKey: "glioma",
      featureSetKey: "cnn",
      createdBy: "local",
      rows: PATCHES,
      reads: 2,
      input: { filter: { patients: { keys: ["glioma-p01"] } } },
    });
    expect(row.lastReadAt).not.toBeNull();
  });

  it("goes on behind a patch", async () => {
    const { url } = await ask({ codebook, precision: "FLOAT16" });
    const whole = await read(url);
    const ids = column(whole, "patch") as string[];
    for (const row of [0, 8, 9, 60, ids.length - 1]) {
      const rest = await read(`${url}&after=${ids[row]}`);
      expect(column(rest, "patch")).toEqual(ids.slice(row + 1));
      expect(metadataOf(rest)).toMatchObject({ rows: ids.length - row - 1, after: ids[row] });
    }
    expect(await statusOf(`${url}&after=nothing`)).toBe(410);
    const elsewhere = await ask({ filter: { patients: { keys: ["glioma-p01"] } } });
    expect(await statusOf(`${elsewhere.url}&after=${ids[0]}`)).toBe(410);
  });
});
