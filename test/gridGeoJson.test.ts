import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportHead, headWithDefaults, initialParameters } from "../src/learning/mil/index.ts";
import type { Viewer } from "../src/platform/authorisation.ts";
import { startServer } from "../src/server/start.ts";
import { classColours } from "../src/slides/index.ts";
import { createWorld, seedStudy, type World } from "./support/world.ts";

/** A grid as a file that QuPath opens, with tissue, phenotypes and attention as they really came about. */

type Feature = {
  type: string;
  geometry: { type: string; coordinates: [number, number][][] };
  properties: {
    objectType: string;
    isLocked?: boolean;
    classification?: { name: string; color: number[] };
    measurements: Record<string, number>;
    metadata: { patch: string };
  };
};
type Collection = { type: string; histoql: Record<string, unknown>; features: Feature[] };
type Patch = {
  id: string;
  x: number;
  y: number;
  size: number;
  tissueShare: number;
  phenotype: { index: number; name: string | null } | null;
  attention: number | null;
};

const STRANGER: Viewer = { name: "stranger", grants: [{ studyKey: "elsewhere", role: "OWNER" }] };
const READER: Viewer = { name: "reader", grants: [{ studyKey: "glioma", role: "READER" }] };
const URLS = `query($grid: ID!, $codebook: ID, $score: ID, $fromBounds: Boolean! = true) { node(id: $grid) { ... on PatchGrid {
  geoJsonUrl(codebook: $codebook, score: $score, fromBounds: $fromBounds) } } }`;
const CLUSTERS = 3;

let world: World;
let server: Awaited<ReturnType<typeof startServer>>;
let slide: { id: string; key: string; grids: { id: string; patches: number; tissueShare: number }[] };
let codebook: string;
let score: string;
let patches: Patch[];

const urlOf = async (options: Record<string, unknown> = {}, viewer?: Viewer) =>
  world.query<{ node: { geoJsonUrl: string } | null }>(URLS, { grid: slide.grids[0]?.id, ...options }, viewer);

const fetched = (url: string) => fetch(url.replace("http://histoql.test", server.url));

const collectionOf = async (options: Record<string, unknown> = {}): Promise<Collection> => {
  const { data, errors } = await urlOf(options);
  expect(errors).toBeUndefined();
  const response = await fetched(data?.node?.geoJsonUrl ?? "");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("application/geo+json");
  return (await response.json()) as Collection;
};

const ofType = ({ features }: Collection, objectType: string): Feature[] =>
  features.filter(({ properties }) => properties.objectType === objectType);

const jobOf = async (document: string, variables: Record<string, unknown>): Promise<void> => {
  const answer = await world.ask<Record<string, { job: { id: string } | null; errors: unknown[] }>>(
    document,
    variables,
  );
  const [payload] = Object.values(answer);
  expect(payload?.errors).toEqual([]);
  expect(await world.jobEnd(payload?.job?.id ?? "")).toBe("SUCCEEDED");
};

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  server = await startServer(world.app);
  const { featureSet } = await seedStudy(world, 2);
  await world.app.database.query(
    "INSERT INTO survival_endpoint (study_id, key) SELECT id, 'os' FROM study WHERE key = 'glioma'",
  );
  await jobOf(
    `mutation($set: ID!) { buildCodebook(input: {featureSet: $set, scope: STUDY, clusters: ${CLUSTERS}}) { job { id } errors { code } } }`,
    { set: featureSet },
  );
  const { dims } = await world.app.prisma.featureSet.findFirstOrThrow();
  const head = headWithDefaults({
    architecture: "GATED_ABMIL",
    task: { kind: "SURVIVAL", likelihood: "COX" },
    dims,
    hidden: 8,
  });
  await writeFile(join(world.folder, "head.onnx"), exportHead(head, initialParameters(head, 3)).onnx);
  const { importMilModel } = await world.ask<{ importMilModel: { model: { id: string } } }>(
    `mutation($set: ID!) { importMilModel(input: {key: "head", featureSet: $set, task: {survival: {endpoint: "os"}}, path: "head.onnx",
      featuresInput: "features", output: "risk", attentionOutput: "attention"}) { model { id } } }`,
    { set: featureSet },
  );
  await jobOf("mutation($model: ID!) { scoreMilModel(input: {model: $model}) { job { id } errors { code } } }", {
    model: importMilModel.model.id,
  });
  const found = await world.ask<{
    study: {
      codebooks: { id: string }[];
      milModels: { scores: { nodes: { id: string; patient: { slides: { nodes: (typeof slide)[] } } }[] } }[];
    };
  }>(
    `{ study(key: "glioma") { codebooks { id }
      milModels { scores { nodes { id patient { slides { nodes { id key grids { id patches tissueShare } } } } } } } } }`,
  );
  const [firstScore] = found.study.milModels[0]?.scores.nodes ?? [];
  codebook = found.study.codebooks[0]?.id ?? "";
  score = firstScore?.id ?? "";
  slide = firstScore?.patient.slides.nodes[0] as typeof slide;
  ({ patches } = await readPatches());
});
afterAll(async () => {
  await server.close();
  await world.close();
});

/** The same patches by the graph, one for one. */
const readPatches = async (): Promise<{ patches: Patch[] }> => {
  const file = await collectionOf();
  const ids = ofType(file, "tile").map(({ properties }) => properties.metadata.patch);
  const { nodes } = await world.ask<{ nodes: Patch[] }>(
    `query($ids: [ID!]!, $codebook: ID!, $score: ID!) { nodes(ids: $ids) { ... on Patch {
      id x y size tissueShare phenotype(codebook: $codebook) { index name } attention(score: $score) } } }`,
    { ids, codebook, score },
  );
  return { patches: nodes };
};

const areaOf = (ring: [number, number][]): number =>
  ring.reduce((sum, [x, y], at) => {
    const [nextX, nextY] = ring[at + 1] ?? [x, y];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);

describe("a grid as GeoJSON", () => {
  it("has each patch once, as a tile where the graph says it lies", async () => {
    const tiles = ofType(await collectionOf(), "tile");
    expect(tiles).toHaveLength(slide.grids[0]?.patches ?? 0);
    expect(new Set(tiles.map(({ properties }) => properties.metadata.patch)).size).toBe(tiles.length);
    for (const [index, { x, y, size, tissueShare }] of patches.entries()) {
      const [ring = []] = tiles[index]?.geometry.coordinates ?? [];
      expect(ring).toEqual([
        [x, y],
        [x + size, y],
        [x + size, y + size],
        [x, y + size],
        [x, y],
      ]);
      expect(tiles[index]?.properties.measurements["Tissue share"]).toBeCloseTo(tissueShare, 6);
      expect(tiles[index]?.properties.classification).toBeUndefined();
    }
  });

  it("has rings as RFC 7946 wants them: closed, exteriors turning from x to y, holes the other way", async () => {
    const { features } = await collectionOf({ codebook, score });
    for (const { type, geometry } of features) {
      expect([type, geometry.type]).toEqual(["Feature", "Polygon"]);
      for (const [index, ring] of geometry.coordinates.entries()) {
        expect(ring.length).toBeGreaterThanOrEqual(4);
        expect(ring[0]).toEqual(ring.at(-1));
        expect(Math.sign(areaOf(ring))).toBe(index === 0 ? 1 : -1);
      }
    }
  });

  it("has the tissue as locked annotations whose area is the mask's", async () => {
    const tissue = ofType(await collectionOf(), "annotation");
    const area = tissue.flatMap(({ geometry }) => geometry.coordinates).reduce((sum, ring) => sum + areaOf(ring), 0);
    expect(area / 1024 ** 2).toBeCloseTo(slide.grids[0]?.tissueShare ?? 0, 3);
    for (const { properties } of tissue) {
      expect(properties).toMatchObject({ isLocked: true, classification: { name: "Tissue" } });
    }
  });

  it("takes classes from a codebook and attention from a score", async () => {
    const file = await collectionOf({ codebook, score });
    const colours = classColours(CLUSTERS).map(({ red, green, blue }) => [red, green, blue]);
    const tiles = ofType(file, "tile");
    expect(new Set(patches.map(({ phenotype }) => phenotype?.index)).size).toBeGreaterThan(1);
    for (const [index, { phenotype, attention }] of patches.entries()) {
      const { classification, measurements } = (tiles[index] as Feature).properties;
      expect(classification).toEqual({
        name: phenotype?.name ?? `phenotype ${phenotype?.index}`,
        color: colours[phenotype?.index ?? -1],
      });
      expect(measurements.Attention).toBeCloseTo(attention ?? Number.NaN, 6);
    }
    expect(file.histoql).toMatchObject({ study: "glioma", slide: slide.key, codebook, score, isStale: false });
  });

  it("begins at the corner of the scanned area, to which QuPath crops, unless the whole image is asked for", async () => {
    const image = { slideId: (await world.app.prisma.slide.findFirstOrThrow({ where: { key: slide.key } })).id };
    const bounds = { x: 100, y: 60, widthPixels: 800, heightPixels: 900 };
    const [whole] = ofType(await collectionOf(), "tile");
    const [wholeTissue] = ofType(await collectionOf(), "annotation");
    const { bounds: before } = await world.app.prisma.slideImage.update({ where: image, data: { bounds } });
    expect(before).toEqual(bounds);
    const moved = (feature: Feature | undefined) =>
      feature?.geometry.coordinates.map((ring) => ring.map(([x, y]) => [x - bounds.x, y - bounds.y]));
    const cropped = await collectionOf();
    expect(ofType(cropped, "tile")[0]?.geometry.coordinates).toEqual(moved(whole));
    expect(ofType(cropped, "annotation")[0]?.geometry.coordinates).toEqual(moved(wholeTissue));
    expect(cropped.histoql.origin).toContain("(100, 60)");
    const asked = await collectionOf({ fromBounds: false });
    expect(ofType(asked, "tile")[0]?.geometry).toEqual(whole?.geometry);
    expect(asked.histoql.origin).toContain("whole image");
  });

  it("does not look whole when patches are missing", async () => {
    const grid = await world.app.prisma.patchGrid.findFirstOrThrow({ where: { slide: { key: slide.key } } });
    const say = (count: number) =>
      world.app.prisma.patchGrid.update({ where: { id: grid.id }, data: { patches: count } });
    const { data } = await urlOf();
    await say(grid.patches + 1);
    const response = await fetched(data?.node?.geoJsonUrl ?? "");
    await expect(response.text()).rejects.toThrow();
    await say(grid.patches);
  });
});

describe("the address of a grid's GeoJSON", () => {
  it("is nobody's who may not read the study, and good for nothing else", async () => {
    expect((await urlOf({}, STRANGER)).data?.node).toBeNull();
    const { data } = await urlOf({ codebook }, READER);
    const url = data?.node?.geoJsonUrl ?? "";
    expect((await fetched(url)).status).toBe(200);
    expect((await fetched(url.replace("/-/bounds", "/-/image"))).status).toBe(403);
    expect((await fetched(url.replace(encodeURIComponent(codebook), "-"))).status).toBe(403);
    expect((await fetched(url.replace("signature=", "signature=_"))).status).toBe(403);
  });

  it("is refused with a fix for a codebook or a score that has nothing there", async () => {
    const { database, prisma } = world.app;
    const { rows } = await database.query<{ id: string }>(
      "SELECT slide.key AS id FROM slide WHERE slide.key <> $1 LIMIT 1",
      [slide.key],
    );
    const other = await world.ask<{ slide: { grids: { id: string }[] } }>(
      'query($key: String!) { slide(by: {key: {studyKey: "glioma", key: $key}}) { grids { id } } }',
      { key: rows[0]?.id },
    );
    const answer = await urlOf({ grid: other.slide.grids[0]?.id, score });
    expect(answer.errors?.[0]).toMatchObject({ code: "BAD_ARGUMENT", fix: expect.stringContaining("patient") });
    await prisma.codebookSlide.deleteMany({ where: { slide: { key: rows[0]?.id ?? "" } } });
    const unassigned = await urlOf({ grid: other.slide.grids[0]?.id, codebook });
    expect(unassigned.errors?.[0]).toMatchObject({ code: "BAD_ARGUMENT", fix: expect.stringContaining("feature set") });
    expect((await urlOf({ codebook: "nonsense" })).errors?.[0]).toMatchObject({ fix: expect.any(String) });
  });
});
