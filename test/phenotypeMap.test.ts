import { rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Viewer } from "../src/platform/authorisation.ts";
import { encodeId } from "../src/platform/ids.ts";
import { startServer } from "../src/server/start.ts";
import { classColours } from "../src/slides/index.ts";
import { createAssignmentTable, writeAssignments } from "../src/store/assignments.ts";
import { createWorld, seedStudy, type World } from "./support/world.ts";

/** Pictures of phenotypes as a browser gets them, of assignments that the test itself has made, so that every pixel is known. */

let world: World;
let server: Awaited<ReturnType<typeof startServer>>;

const COLOURS = classColours(5);
const KEY = "0123456789abcdef".repeat(4);
const CODEBOOK = encodeId("Codebook", "glioma", "cnn", KEY, "");
const phenotypeId = (index: number) => encodeId("Phenotype", "glioma", "cnn", KEY, "", index);

type Place = { x: number; y: number; size: number; phenotype: number };
let slides: { id: number; key: string; patientId: number; patches: Place[] }[];

const assign = async (slideId: number, classOf: (x: number, y: number) => number) => {
  const { prisma, database } = world.app;
  const grid = await prisma.patchGrid.findFirstOrThrow({ where: { slideId } });
  const { rows } = await database.query<{ id: number; x: number; y: number }>(
    "SELECT id, x, y FROM features.patch WHERE id >= $1::int8 * 16777216 AND id < ($1::int8 + 1) * 16777216 ORDER BY id",
    [grid.id],
  );
  const codebook = await prisma.codebook.findFirstOrThrow({ where: { build: { key: KEY } } });
  const phenotypes = Int32Array.from(rows, ({ x, y }) =>
    classOf(Math.round(x / (grid.stepX ?? 0)), Math.round(y / (grid.stepY ?? 0))),
  );
  await database.transaction((client) =>
    writeAssignments(client, codebook.buildId, codebook.id, {
      slideId,
      patchIds: Float64Array.from(rows, ({ id }) => id),
      phenotypes,
      distances: new Float32Array(rows.length),
    }),
  );
  const place = { buildId: codebook.buildId, slideId };
  const state = {
    codebookId: codebook.id,
    gridId: grid.id,
    patches: rows.length,
    completedAt: new Date(),
    isFitted: true,
  };
  await prisma.codebookSlide.upsert({
    where: { buildId_slideId: place },
    create: { ...place, ...state },
    update: state,
  });
  await prisma.phenotypeShare.deleteMany({ where: { slideId, codebookId: codebook.id } });
  for (const [index, own] of Map.groupBy(phenotypes, (phenotype) => phenotype))
    await prisma.phenotypeShare.create({
      data: { codebookId: codebook.id, index, slideId, patches: own.length },
    });
  return rows.map(({ x, y }, index) => ({ x, y, size: grid.sizeX, phenotype: phenotypes[index] ?? -1 }));
};

const CHECKS = (x: number, y: number) => (x % 2) + 2 * (y % 2);

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 } });
  server = await startServer(world.app);
  await seedStudy(world, 3);
  const { prisma, database } = world.app;
  const featureSet = await prisma.featureSet.findFirstOrThrow({ where: { key: "cnn" } });
  const build = await prisma.codebookBuild.create({
    data: {
      studyId: featureSet.studyId,
      featureSetId: featureSet.id,
      scope: "STUDY",
      clusters: 5,
      seed: 0,
      whiten: false,
      parameters: {},
      parametersDigest: KEY,
      key: KEY,
      isComplete: true,
    },
  });
  const codebook = await prisma.codebook.create({
    data: { buildId: build.id, slides: 2, digest: KEY, software: {} },
  });
  const centroid = Buffer.from(Float32Array.from({ length: featureSet.dims }, (_, i) => i + 1).buffer);
  await prisma.phenotype.createMany({
    data: [0, 1, 2, 3].map((index) => ({
      codebookId: codebook.id,
      index,
      size: 8,
      centroid,
      name: index === 2 ? "Gefäße" : null,
    })),
  });
  await createAssignmentTable(database, build.id);
  const rows = await prisma.slide.findMany({ orderBy: { key: "asc" } });
  slides = [];
  // The third slide is left out of the codebook.
  for (const { id, key, patientId } of rows) {
    slides.push({ id, key, patientId, patches: slides.length < 2 ? await assign(id, CHECKS) : [] });
  }
});
afterAll(async () => {
  await server.close();
  await world.close();
});

type Urls = { phenotypeMapUrl: string | null; phenotypeTilesUrl: string | null };
const URLS = `query($key: String!, $codebook: ID!, $max: Int) { slide(by: {key: {studyKey: "glioma", key: $key}}) {
  phenotypeMapUrl(codebook: $codebook, maxPixels: $max) phenotypeTilesUrl(codebook: $codebook) } }`;
const here = (url: string | null | undefined) => (url ?? "").replace("http://histoql.test", server.url);
const urlsOf = async (key: string, max = 1024) => {
  const { slide } = await world.ask<{ slide: Urls }>(URLS, { key, codebook: CODEBOOK, max });
  return { map: here(slide.phenotypeMapUrl), tiles: here(slide.phenotypeTilesUrl) };
};
const exemplarsUrl = async (index: number) => {
  const { node } = await world.ask<{ node: { exemplarsUrl: string } }>(
    "query($id: ID!) { node(id: $id) { ... on Phenotype { exemplarsUrl } } }",
    { id: phenotypeId(index) },
  );
  return here(node.exemplarsUrl);
};

const get = async (url: string, type: string) => {
  const response = await fetch(url);
  expect(response.status, await response.clone().text()).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("cache-control")).toBe("private, max-age=900");
  return Buffer.from(await response.arrayBuffer());
};

const pixelsOf = async (picture: Buffer) => {
  const { data, info } = await sharp(picture).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray(4 * (y * info.width + x), 4 * (y * info.width + x) + 4)];
  return { at, width: info.width, height: info.height };
};

const rgba = (index: number) => {
  const { red, green, blue } = COLOURS[index] ?? { red: 0, green: 0, blue: 0 };
  return [red, green, blue, 255];
};

/** Where the slide's picture begins on the map. */
const MAP_LEFT = 14;
const MAP_TOP = 54;

describe("the phenotype map", () => {
  it("shows every patch in its phenotype's colour over grey", async () => {
    const [slide] = slides;
    const map = await pixelsOf(await get((await urlsOf(slide?.key ?? "", 512)).map, "image/png"));
    expect(map.width).toBeGreaterThan(512 + 200);
    for (const { x, y, size, phenotype } of slide?.patches ?? []) {
      const [red = 0, green = 0, blue = 0] = map.at(
        MAP_LEFT + Math.floor((x + size / 2) / 2),
        MAP_TOP + Math.floor((y + size / 2) / 2),
      );
      const [r = 0, g = 0, b = 0] = rgba(phenotype);
      // Grey adds the same to each channel: differences of channels are those of the colour, at its strength.
      expect(Math.abs(red - green - 0.62 * (r - g))).toBeLessThan(3);
      expect(Math.abs(green - blue - 0.62 * (g - b))).toBeLessThan(3);
    }
    expect(slide?.patches.length).toBeGreaterThan(8);
  });

  it("is no larger than asked for, and of the size of the slide at most", async () => {
    const key = slides[0]?.key ?? "";
    const small = await pixelsOf(await get((await urlsOf(key, 64)).map, "image/png"));
    const large = await pixelsOf(await get((await urlsOf(key, 4096)).map, "image/png"));
    expect(large.width - small.width).toBe(1024 - 64);
  });

  it("is drawn anew when the slide was assigned anew", async () => {
    const key = slides[1]?.key ?? "";
    const { map, tiles } = await urlsOf(key);
    const before = await get(map, "image/png");
    expect(await get(map, "image/png")).toEqual(before);
    await assign(slides[1]?.id ?? 0, () => 3);
    expect(await get(map, "image/png")).not.toEqual(before);
    const [patch] = slides[1]?.patches ?? [];
    const tile = tiles.replace(
      ".dzi",
      `_files/10/${Math.floor((patch?.x ?? 0) / 256)}_${Math.floor((patch?.y ?? 0) / 256)}.png`,
    );
    const { at } = await pixelsOf(await get(tile, "image/png"));
    expect(at(((patch?.x ?? 0) % 256) + 2, ((patch?.y ?? 0) % 256) + 2)).toEqual(rgba(3));
  });
});

describe("the overlay", () => {
  it("has the slide's size, and each patch's colour on a transparent ground", async () => {
    const [slide] = slides;
    const { tiles } = await urlsOf(slide?.key ?? "");
    const descriptor = (await get(tiles, "application/xml")).toString();
    expect(descriptor).toMatch(/Format="png" TileSize="256" Overlap="0"[\s\S]*Width="1024" Height="1024"/);
    const pictures = new Map<string, Awaited<ReturnType<typeof pixelsOf>>>();
    const colourAt = async (x: number, y: number) => {
      const name = `${Math.floor(x / 256)}_${Math.floor(y / 256)}`;
      const picture =
        pictures.get(name) ?? (await pixelsOf(await get(tiles.replace(".dzi", `_files/10/${name}.png`), "image/png")));
      pictures.set(name, picture);
      return picture.at(x % 256, y % 256);
    };
    for (const { x, y, size, phenotype } of slide?.patches ?? []) {
      for (const [dx, dy] of [
        [0, 0],
        [size - 1, size - 1],
        [size / 2, size / 2],
      ] as const)
        expect(await colourAt(x + dx, y + dy)).toEqual(rgba(phenotype));
    }
    // Four patches of 224 pixels fill 896 of the 1024.
    expect(await colourAt(1000, 1000)).toEqual([0, 0, 0, 0]);
    const whole = await pixelsOf(await get(tiles.replace(".dzi", "_files/0/0_0.png"), "image/png"));
    expect([whole.width, whole.height]).toEqual([1, 1]);
  });

  it.each(["11/0_0.png", "10/4_0.png", "10/0_4.png", "10/x_y.png", "-1/0_0.png", "10/0.png"])(
    "has no tile %s",
    async (tile) => {
      const { tiles } = await urlsOf(slides[0]?.key ?? "");
      const response = await fetch(tiles.replace(".dzi", `_files/${tile}`));
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, "NOT_FOUND"]);
    },
  );
});

describe("the contact sheet", () => {
  it("shows exemplars with their slides", async () => {
    const sheet = await pixelsOf(await get(await exemplarsUrl(0), "image/jpeg"));
    expect(sheet.width).toBe(28 + 4 * 176 + 30);
    // A frame in the phenotype's colour.
    const frame = sheet.at(14 + 1, 54 + 88);
    rgba(0).forEach((value, channel) => {
      expect(Math.abs((frame[channel] ?? 0) - value)).toBeLessThan(40);
    });
  });

  it("of nothing that is there is 404", async () => {
    for (const id of [phenotypeId(4), encodeId("Phenotype", "glioma", "cnn", "other", "", 0), CODEBOOK, "nonsense"]) {
      const response = await fetch(server.url + world.app.signer.sign(`/pictures/phenotypes/${id}/exemplars/12.jpg`));
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
    }
  });
});

describe("an address", () => {
  it("is null where there is nothing to colour", async () => {
    const { slide } = await world.ask<{ slide: Urls }>(URLS, { key: slides[2]?.key, codebook: CODEBOOK });
    expect(slide).toEqual({ phenotypeMapUrl: null, phenotypeTilesUrl: null });
    const path = `/pictures/codebooks/${CODEBOOK}/slides/${encodeId("Slide", "glioma", slides[2]?.key ?? "")}`;
    const response = await fetch(server.url + world.app.signer.sign(`${path}/map/512.png`));
    expect([response.status, await response.json()]).toEqual([404, expect.objectContaining({ code: "NOT_FOUND" })]);
  });

  it.each([
    ["63 pixels", { max: 63 }, "BAD_ARGUMENT"],
    ["5000 pixels", { max: 5000 }, "BAD_ARGUMENT"],
    ["no codebook", { codebook: encodeId("Codebook", "glioma", "cnn", "other", "") }, "NOT_FOUND"],
    ["something else", { codebook: encodeId("Study", "glioma") }, "NOT_FOUND"],
  ])("of %s is refused", async (_, change, code) => {
    const { errors } = await world.query(URLS, { key: slides[0]?.key, codebook: CODEBOOK, max: 512, ...change });
    expect(errors?.[0]?.code).toBe(code);
  });

  it("is not given to strangers", async () => {
    const stranger: Viewer = { name: "stranger", grants: [{ studyKey: "elsewhere", role: "OWNER" }] };
    const { data, errors } = await world.query(URLS, { key: slides[0]?.key, codebook: CODEBOOK }, stranger);
    expect([JSON.stringify(data), errors?.[0]?.code]).toEqual([JSON.stringify({ slide: null }), "FORBIDDEN"]);
  });

  it("opens its own picture and no other", async () => {
    const { map, tiles } = await urlsOf(slides[0]?.key ?? "", 512);
    const sheet = await exemplarsUrl(0);
    const search = (url: string) => new URL(url).search;
    const bare = (url: string) => url.split("?")[0] ?? "";
    const forbidden = [
      bare(map),
      bare(tiles),
      bare(sheet),
      map.replace("/512.png", "/4096.png"),
      map.replace(encodeId("Slide", "glioma", slides[0]?.key ?? ""), encodeId("Slide", "glioma", slides[1]?.key ?? "")),
      sheet.replace("/12.jpg", "/200.jpg"),
      sheet.replace(phenotypeId(0), phenotypeId(1)),
      bare(map) + search(tiles),
      bare(tiles) + search(map),
      bare(tiles).replace(".dzi", "_files/10/0_0.png") + search(map),
    ];
    for (const url of forbidden) {
      const response = await fetch(url);
      expect(response.status, url).toBe(403);
      expect(response.headers.get("cache-control") ?? "").not.toContain("max-age");
      expect(await response.json()).toMatchObject({ code: "FORBIDDEN" });
    }
  });

  it("of a slide whose file is lost says so without naming it; the contact sheet shows the others", async () => {
    const key = slides[0]?.key ?? "";
    const { map } = await urlsOf(key, 300);
    await world.app.openSlides.close();
    await rm(join(world.folder, "slides/slides", `${key}.tif`));
    const response = await fetch(map);
    const body = await response.text();
    expect([response.status, JSON.parse(body).code]).toEqual([404, "FILE_NOT_FOUND"]);
    expect(body).not.toContain(world.folder);
    expect(body).not.toContain(".tif");
    expect((await pixelsOf(await get(await exemplarsUrl(0), "image/jpeg"))).width).toBeGreaterThan(500);
  });
});
