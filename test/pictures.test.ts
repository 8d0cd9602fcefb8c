import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Region } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../src/platform/ids.ts";
import { createSigner, readSecret } from "../src/platform/signing.ts";
import { startServer } from "../src/server/start.ts";
import { tissueTiff, writeTissue } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** Pictures as a browser gets them: over HTTP, under the URLs that the graph gives, compared with the slide's pixels. */

const WIDTH = 1000;
const HEIGHT = 700;
const FINEST = 10;
const data = join(import.meta.dirname, "../../shared/data/slides");
const svs = join(data, "CMU-1-Small-Region.svs");
const hasSvs = existsSync(svs);
if (!hasSvs) console.log("No label or macro image to hide: ../shared/data/slides is not here.");

let world: World;
let server: Awaited<ReturnType<typeof startServer>>;
let tiff: Buffer;

const graph = async <Data>(query: string, variables: Record<string, unknown> = {}): Promise<Data> => {
  const response = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data: found, errors } = (await response.json()) as { data: Data; errors?: unknown };
  expect(errors).toBeUndefined();
  return found;
};

type Urls = { thumbnailUrl: string; tilesUrl: string };
const urlsOf = async (key: string, maxPixels = 256): Promise<Urls> => {
  const { slide } = await graph<{ slide: { image: Urls } }>(
    'query($key: String!, $max: Int!) { slide(by: {key: {studyKey: "study", key: $key}}) { image { thumbnailUrl(maxPixels: $max) tilesUrl } } }',
    { key, max: maxPixels },
  );
  return slide.image;
};

/** The first patches of the slide, with their pictures. */
const patchUrls = async (contextMicrons: number, maxPixels: number) => {
  const vector = Array.from({ length: 672 }, (_, index) => index + 1);
  const { similarPatches } = await graph<{
    similarPatches: { hits: { patch: { x: number; y: number; size: number; imageUrl: string } }[] };
  }>(
    `query($input: SimilarPatchesInput!, $context: Float!, $max: Int!) {
      similarPatches(input: $input) { hits { patch { x y size imageUrl(contextMicrons: $context, maxPixels: $max) } } }
    }`,
    {
      input: { featureSet: encodeId("FeatureSet", "study", "cnn"), to: { vector }, first: 12 },
      context: contextMicrons,
      max: maxPixels,
    },
  );
  return similarPatches.hits.map(({ patch }) => patch);
};

const get = async (url: string, type: string) => {
  const response = await fetch(url);
  expect(response.status, await response.clone().text()).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
  expect(response.headers.get("cache-control")).toBe("private, max-age=900");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  return Buffer.from(await response.arrayBuffer());
};

const pixelsOf = async (picture: Buffer) => {
  const { data: pixels, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { pixels, size: [info.width, info.height] };
};

/** Mean difference of channels between a picture and a part of the slide brought to the same size. */
const difference = async (picture: Buffer, part: Region): Promise<number> => {
  const { pixels, size } = await pixelsOf(picture);
  const expected = await sharp(await sharp(tiff).extract(part).toBuffer())
    .resize(size[0], size[1], { fit: "fill" })
    .raw()
    .toBuffer();
  expect(pixels).toHaveLength(expected.length);
  return pixels.reduce((sum, value, at) => sum + Math.abs(value - (expected[at] ?? 0)), 0) / pixels.length;
};

/** JPEG at quality 85 stays within; a region that is shifted by an eighth of a blob does not. */
const ALIKE = 3;

beforeAll(async () => {
  world = await createWorld({ config: { port: 0 }, roots: hasSvs ? [data] : [] });
  server = await startServer(world.app);
  tiff = await tissueTiff({ edgePixels: HEIGHT, widthPixels: WIDTH, seed: 5, compression: "deflate" });
  await writeFile(join(world.folder, "one.tif"), tiff);
  await writeTissue(join(world.folder, "two.tif"), { seed: 6 });
  await graph('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  await graph("mutation($input: RegisterSlidesInput!) { registerSlides(input: $input) { errors { code } } }", {
    input: { studyKey: "study", paths: ["one.tif", "two.tif", ...(hasSvs ? [svs] : [])] },
  });
  const { embedSlides } = await graph<{ embedSlides: { job: { id: string } } }>(
    'mutation { embedSlides(input: {slides: {studyKey: "study", keys: ["one"]}, encoderKey: "efficientnet-lite0", featureSetKey: "cnn"}) { job { id } } }',
  );
  expect(await world.jobEnd(embedSlides.job.id)).toBe("SUCCEEDED");
});
afterAll(async () => {
  await server.close();
  await world.close();
});

it("thumbnailUrl shows the whole slide, its longer edge as asked and never enlarged", async () => {
  const whole = { left: 0, top: 0, width: WIDTH, height: HEIGHT };
  for (const [maxPixels, size] of [
    [256, [256, 179]],
    [4096, [WIDTH, HEIGHT]],
  ] as const) {
    const picture = await get((await urlsOf("one", maxPixels)).thumbnailUrl, "image/jpeg");
    expect((await pixelsOf(picture)).size).toEqual(size);
    expect(await difference(picture, whole)).toBeLessThan(ALIKE);
  }
});

describe("Patch.imageUrl", () => {
  it("shows the patch itself", async () => {
    const patches = await patchUrls(0, 512);
    expect(patches).toHaveLength(12);
    for (const { x, y, size, imageUrl } of patches) {
      const picture = await get(imageUrl, "image/jpeg");
      expect((await pixelsOf(picture)).size).toEqual([224, 224]);
      expect(await difference(picture, { left: x, top: y, width: size, height: size })).toBeLessThan(ALIKE);
    }
    const [patch] = patches;
    const elsewhere = { left: ((patch?.x ?? 0) + 40) % 700, top: patch?.y ?? 0, width: 224, height: 224 };
    expect(await difference(await get(patch?.imageUrl ?? "", "image/jpeg"), elsewhere)).toBeGreaterThan(2 * ALIKE);
  });

  it("shows its surroundings, white beyond the slide, and no more pixels than asked for", async () => {
    const corner = (await patchUrls(50, 512)).find(({ x, y }) => x === 0 && y === 0);
    const picture = await get(corner?.imageUrl ?? "", "image/jpeg");
    const { pixels, size } = await pixelsOf(picture);
    expect(size).toEqual([424, 424]);
    expect([...pixels.subarray(0, 3)].every((value) => value > 250)).toBe(true);
    const inside = await sharp(picture).extract({ left: 100, top: 100, width: 324, height: 324 }).png().toBuffer();
    expect(await difference(inside, { left: 0, top: 0, width: 324, height: 324 })).toBeLessThan(ALIKE);
    const small = (await patchUrls(50, 128))[0];
    expect((await pixelsOf(await get(small?.imageUrl ?? "", "image/jpeg"))).size).toEqual([128, 128]);
  });

  it.each([
    ["contextMicrons", "contextMicrons: -1"],
    ["contextMicrons", "contextMicrons: 1000000"],
    ["maxPixels", "maxPixels: 0"],
    ["maxPixels", "maxPixels: 5000"],
  ])("refuses an impossible %s: %s", async (_name, argument) => {
    const { rows } = await world.app.database.query<{ digest: string }>("SELECT digest FROM patch_grid");
    const patch = encodeId("Patch", "study", "one", rows[0]?.digest.slice(0, 16) ?? "", 0, 0);
    const document = `{ node(id: "${patch}") { ... on Patch { imageUrl(${argument}) } } }`;
    const { errors } = await world.query(document);
    expect(errors?.map(({ code }) => code)).toEqual(["BAD_ARGUMENT"]);
  });
});

it("maskUrl shows the tissue in two colours", async () => {
  const { slide } = await graph<{ slide: { grids: { maskUrl: string; tissueShare: number }[] } }>(
    '{ slide(by: {key: {studyKey: "study", key: "one"}}) { grids { maskUrl tissueShare } } }',
  );
  const [grid] = slide.grids;
  const mask = await sharp(await get(grid?.maskUrl ?? "", "image/png"))
    .toColourspace("b-w")
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(mask.info.width / mask.info.height).toBeCloseTo(WIDTH / HEIGHT, 1);
  expect([...new Set(mask.data)].filter((value) => value !== 0 && value !== 255)).toEqual([]);
  const share = mask.data.filter((value) => value === 255).length / mask.data.length;
  expect(share).toBeCloseTo(grid?.tissueShare ?? 0, 5);
});

describe("tilesUrl", () => {
  const tileUrl = (tilesUrl: string, level: number, tile: string) =>
    tilesUrl.replace(".dzi?", `_files/${level}/${tile}.jpeg?`);

  it("opens a Deep Zoom pyramid whose finest level is the slide itself", async () => {
    const { tilesUrl } = await urlsOf("one");
    const descriptor = (await get(tilesUrl, "application/xml")).toString();
    expect(descriptor).toContain(`<Size Width="${WIDTH}" Height="${HEIGHT}"/>`);
    expect(descriptor).toContain('Format="jpeg" TileSize="254" Overlap="1"');
    for (let column = 0; column * 254 < WIDTH; column++) {
      for (let row = 0; row * 254 < HEIGHT; row++) {
        const left = Math.max(0, column * 254 - 1);
        const top = Math.max(0, row * 254 - 1);
        const width = Math.min(WIDTH, (column + 1) * 254 + 1) - left;
        const height = Math.min(HEIGHT, (row + 1) * 254 + 1) - top;
        const tile = await get(tileUrl(tilesUrl, FINEST, `${column}_${row}`), "image/jpeg");
        expect((await pixelsOf(tile)).size, `${column}_${row}`).toEqual([width, height]);
        expect(await difference(tile, { left, top, width, height }), `${column}_${row}`).toBeLessThan(ALIKE);
      }
    }
  });

  it("has every level down to one pixel", async () => {
    const { tilesUrl } = await urlsOf("one");
    for (let level = 0; level < FINEST; level++) {
      const downsample = 2 ** (FINEST - level);
      const tile = await get(tileUrl(tilesUrl, level, "0_0"), "image/jpeg");
      const edge = (length: number) => Math.min(Math.ceil(length / downsample), 255);
      expect((await pixelsOf(tile)).size).toEqual([edge(WIDTH), edge(HEIGHT)]);
      // Coarser, the blobs are single pixels, and how they were reduced decides.
      if (level < FINEST - 2) continue;
      const part = {
        left: 0,
        top: 0,
        width: Math.min(WIDTH, edge(WIDTH) * downsample),
        height: Math.min(HEIGHT, edge(HEIGHT) * downsample),
      };
      expect(await difference(tile, part), `level ${level}`).toBeLessThan(2 * ALIKE);
    }
  });

  it.each([
    [FINEST + 1, "0_0"],
    [FINEST, "4_0"],
    [FINEST, "0_3"],
    [FINEST, "-1_0"],
    [FINEST, "0"],
    [FINEST, "x_y"],
    [FINEST, "..%2F..%2Fsecret"],
  ])("has no tile %s/%s", async (level, tile) => {
    const response = await fetch(tileUrl((await urlsOf("one")).tilesUrl, level, tile));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("a signature", () => {
  const status = async (url: string | URL) => (await fetch(url)).status;
  const changed = (url: string, change: (url: URL) => void): URL => {
    const own = new URL(url);
    change(own);
    return own;
  };

  it("is needed, and is for one picture of one slide until it expires", async () => {
    const { thumbnailUrl, tilesUrl } = await urlsOf("one");
    const two = encodeId("Slide", "study", "two");
    const one = encodeId("Slide", "study", "one");
    const [patch] = await patchUrls(0, 512);
    const { grids } = (
      await graph<{ slide: { grids: { maskUrl: string }[] } }>(
        '{ slide(by: {key: {studyKey: "study", key: "one"}}) { grids { maskUrl } } }',
      )
    ).slide;
    const urls = [thumbnailUrl, tilesUrl, tilesUrl.replace(".dzi", "_files/0/0_0.jpeg"), patch?.imageUrl ?? ""];
    for (const url of [...urls, grids[0]?.maskUrl ?? ""]) {
      expect(await status(url), url).toBe(200);
      const refused = [
        changed(url, (own) => own.searchParams.delete("signature")),
        changed(url, (own) => own.searchParams.delete("expires")),
        changed(url, (own) => own.searchParams.set("signature", "")),
        changed(url, (own) => own.searchParams.append("signature", "again")),
        changed(url, (own) => {
          own.searchParams.set("expires", String(Number(own.searchParams.get("expires")) + 60));
        }),
        changed(url, (own) => {
          const signature = own.searchParams.get("signature") ?? "";
          own.searchParams.set("signature", `${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`);
        }),
        changed(url, (own) => {
          own.pathname = own.pathname.replace(one, two);
        }),
      ];
      for (const other of refused) {
        const response = await fetch(other);
        expect(response.status, other.search).toBe(403);
        expect(response.headers.get("cache-control") ?? "").not.toContain("max-age");
        expect(await response.json()).toMatchObject({ code: "FORBIDDEN", fix: expect.any(String) });
      }
    }
    expect(await status(thumbnailUrl.replace("/256.jpg", "/4096.jpg"))).toBe(403);
    expect(await status((patch?.imageUrl ?? "").replace(/regions\/[\d,]+/, "regions/0,0,1000,700"))).toBe(403);
    // What opens the tiles opens nothing else.
    const { search } = new URL(tilesUrl);
    expect(await status(thumbnailUrl.replace(/\?.*/, search))).toBe(403);
  });

  it("ends with its lifetime", async () => {
    const path = new URL((await urlsOf("one")).thumbnailUrl).pathname;
    const secret = readSecret(world.app.config.dataFolder);
    const signedAt = (seconds: number) => createSigner(secret, () => seconds).sign(path);
    const now = Date.now() / 1000;
    expect(await status(server.url + signedAt(now))).toBe(200);
    expect(await status(server.url + signedAt(now - 3600))).toBe(403);
    expect(await status(server.url + createSigner(Buffer.from("guessed")).sign(path))).toBe(403);
  });

  it("of what is not there leads to 404, and no place on disk is told", async () => {
    const sign = (path: string) => server.url + world.app.signer.sign(path);
    const ids = [encodeId("Slide", "study", "nobody"), encodeId("Study", "study"), "nonsense"];
    for (const id of ids) {
      for (const picture of ["thumbnail/256.jpg", "regions/0,0,9,9/64.jpg", "masks/0123456789abcdef.png"]) {
        const response = await fetch(sign(`/pictures/slides/${id}/${picture}`));
        expect(response.status, picture).toBe(404);
      }
    }
    // Registered, never opened, then lost: the file alone is missing.
    await rm(join(world.folder, "two.tif"));
    for (const url of [(await urlsOf("two")).thumbnailUrl, (await urlsOf("two")).tilesUrl]) {
      const response = await fetch(url);
      const body = await response.text();
      expect([response.status, JSON.parse(body).code]).toEqual([404, "FILE_NOT_FOUND"]);
      expect(body).not.toContain(world.folder);
      expect(body).not.toContain("two.tif");
    }
  });
});

it("answers HEAD as GET, without the picture", async () => {
  const { thumbnailUrl } = await urlsOf("one");
  const response = await fetch(thumbnailUrl, { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("image/jpeg");
  expect(Number(response.headers.get("content-length"))).toBe((await get(thumbnailUrl, "image/jpeg")).length);
  expect((await response.arrayBuffer()).byteLength).toBe(0);
  expect((await fetch(new URL(new URL(thumbnailUrl).pathname, server.url), { method: "HEAD" })).status).toBe(403);
});

it("a slide without an image has no picture", async () => {
  await world.app.database.query(
    "INSERT INTO slide (study_id, patient_id, key) SELECT study_id, id, 'imageless' FROM patient WHERE key = 'one'",
  );
  const { slide } = await graph<{ slide: { id: string; image: null } }>(
    '{ slide(by: {key: {studyKey: "study", key: "imageless"}}) { id image { tilesUrl } } }',
  );
  expect(slide.image).toBeNull();
  const response = await fetch(server.url + world.app.signer.sign(`/pictures/slides/${slide.id}/thumbnail/256.jpg`));
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "SLIDE_HAS_NO_IMAGE" });
});

describe.skipIf(!hasSvs)("the label and macro images of an SVS", () => {
  const key = "CMU-1-Small-Region";

  it("are no levels, and nothing that scanners write of people, places and days is a property", async () => {
    const { slide } = await graph<{
      slide: { image: { widthPixels: number; heightPixels: number; levels: number; properties: object } };
    }>(
      `{ slide(by: {key: {studyKey: "study", key: "${key}"}}) { image { widthPixels heightPixels levels properties } } }`,
    );
    expect(slide.image).toMatchObject({ widthPixels: 2220, heightPixels: 2967, levels: 1 });
    const text = JSON.stringify(slide.image.properties);
    expect(text).toContain("aperio.MPP");
    expect(text).not.toMatch(/label|macro|filename|date|time|user|scanscope|imageid|title|comment/i);
  });

  it("have no route", async () => {
    const path = `/pictures/slides/${encodeId("Slide", "study", key)}`;
    for (const name of ["label", "macro", "associated/label", "label.jpg", "macro.jpg", "thumbnail/label.jpg"]) {
      const response = await fetch(server.url + world.app.signer.sign(`${path}/${name}`));
      expect(response.status, name).toBeGreaterThanOrEqual(400);
      expect(response.headers.get("content-type"), name).toContain("json");
    }
  });

  it("is not what the thumbnail shows", async () => {
    const picture = await get((await urlsOf(key, 512)).thumbnailUrl, "image/jpeg");
    expect((await pixelsOf(picture)).size).toEqual([383, 512]);
  });
});
