import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileChecksum } from "./checksum.ts";
import { openSlide, slideBackends } from "./openSlide.ts";
import { detectTissue, maskPreviewPng } from "./tissue.ts";
import type { SlideBackend } from "./types.ts";

const WIDTH = 700;
const HEIGHT = 500;
const backends: SlideBackend[] = slideBackends().openslide.available ? ["openslide", "libvips"] : ["libvips"];
if (backends.length === 1) console.warn("OpenSlide is not installed: its half of these tests is left out.");

/** A smooth colour picture whose every pixel tells its place. */
const raw = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, at) => {
  const pixel = Math.floor(at / 3);
  return [(pixel % WIDTH) / 4, Math.floor(pixel / WIDTH) / 2, 90][at % 3] ?? 0;
});
const colourAt = (x: number, y: number) => [...raw.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3)];
const source = () => sharp(raw, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });

let folder: string;
const place = (name: string) => join(folder, name);
const put = async (name: string, bytes: string | Uint8Array): Promise<string> => {
  await writeFile(place(name), bytes);
  return place(name);
};
const pyramid = (compression: "jpeg" | "deflate") =>
  source()
    .tiff({
      tile: true,
      tileWidth: 128,
      tileHeight: 128,
      pyramid: true,
      compression,
      quality: 95,
      xres: 2000,
      yres: 2000,
    })
    .toBuffer();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-slides-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Moves the coarser pages of a classic little-endian TIFF into SubIFDs of the first, as OME-TIFF has them. */
const nestPyramid = (bytes: Buffer, description: string): Buffer => {
  const entriesAt = (at: number) => bytes.readUInt16LE(at);
  const nextOf = (at: number) => bytes.readUInt32LE(at + 2 + 12 * entriesAt(at));
  const first = bytes.readUInt32LE(4);
  const coarser: number[] = [];
  for (let at = nextOf(first); at !== 0; at = nextOf(at)) coarser.push(at);
  const entry = (tag: number, type: number, count: number, value: number) => {
    const out = Buffer.alloc(12);
    out.writeUInt16LE(tag, 0);
    out.writeUInt16LE(type, 2);
    out.writeUInt32LE(count, 4);
    out.writeUInt32LE(value, 8);
    return out;
  };
  const text = Buffer.from(`${description}\0`.padEnd(description.length + 1 + (description.length % 2 ? 0 : 1), "\0"));
  const even = bytes.length % 2 ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes;
  const pointers = Buffer.alloc(4 * coarser.length);
  coarser.forEach((at, i) => {
    pointers.writeUInt32LE(at, 4 * i);
  });
  const pointersAt = even.length + text.length;
  const old = Array.from({ length: entriesAt(first) }, (_, i) =>
    bytes.subarray(first + 2 + 12 * i, first + 14 + 12 * i),
  );
  const entries = [
    ...old.filter((field) => field.readUInt16LE(0) !== 270),
    entry(270, 2, description.length + 1, even.length),
    entry(330, 4, coarser.length, pointersAt),
  ].sort((a, b) => a.readUInt16LE(0) - b.readUInt16LE(0));
  const head = Buffer.alloc(2);
  head.writeUInt16LE(entries.length);
  const out = Buffer.concat([even, text, pointers, head, ...entries, Buffer.alloc(4)]);
  out.writeUInt32LE(pointersAt + pointers.length, 4);
  return out;
};

describe("openSlide", () => {
  it.each(backends)(
    "reads a tiled pyramid with %s: levels, resolution, exact pixels, white outside",
    async (backend) => {
      const slide = await openSlide(await put(`pyramid-${backend}.tif`, await pyramid("deflate")), { backend });
      expect(slide).toMatchObject({ backend, vendor: "generic-tiff", widthPixels: WIDTH, heightPixels: HEIGHT });
      expect(slide.levels.map(({ widthPixels, heightPixels }) => [widthPixels, heightPixels])).toEqual([
        [700, 500],
        [350, 250],
        [175, 125],
        [87, 62],
      ]);
      expect(slide.micronsPerPixel?.x).toBeCloseTo(0.5, 6);
      const inside = await slide.readRegion({ x: 130, y: 250, level: 0, widthPixels: 3, heightPixels: 2 });
      expect([...inside.subarray(0, 3)]).toEqual(colourAt(130, 250));
      expect([...inside.subarray(15, 18)]).toEqual(colourAt(132, 251));
      const edge = await slide.readRegion({ x: -2, y: 498, level: 0, widthPixels: 4, heightPixels: 4 });
      expect([...edge.subarray(0, 6)]).toEqual([255, 255, 255, 255, 255, 255]);
      expect([...edge.subarray(6, 9)]).toEqual(colourAt(0, 498));
      expect([...edge.subarray(-3)]).toEqual([255, 255, 255]);
      const beyond = await slide.readRegion({ x: 9000, y: 9000, level: 1, widthPixels: 2, heightPixels: 2 });
      expect([...beyond]).toEqual(Array(12).fill(255));
      await slide.close();
    },
  );

  it("finds the pyramid of an OME-TIFF in its SubIFDs, and its physical size", async () => {
    const xml =
      '<OME><Image><Pixels SizeC="3" SizeZ="1" SizeT="1" PhysicalSizeX="250" PhysicalSizeXUnit="nm" PhysicalSizeY="0.26"/></Image></OME>';
    const slide = await openSlide(await put("nested.ome.tif", nestPyramid(await pyramid("deflate"), xml)));
    expect(slide).toMatchObject({ backend: "libvips", vendor: "ome-tiff", micronsPerPixel: { x: 0.25, y: 0.26 } });
    expect(slide.levels.map((level) => level.widthPixels)).toEqual([700, 350, 175, 87]);
    const plain = await openSlide(await put("plain.tif", await pyramid("deflate")), { backend: "libvips" });
    for (const level of [0, 1, 2, 3]) {
      const region = { x: 160, y: 80, level, widthPixels: 20, heightPixels: 10 };
      expect(await slide.readRegion(region)).toEqual(await plain.readRegion(region));
    }
    await Promise.all([slide.close(), plain.close()]);
  });

  it("refuses an OME-TIFF of several channels or planes instead of showing one of them", async () => {
    for (const sizes of ['SizeC="4"', 'SizeC="3" SizeZ="5"', 'SizeT="2"']) {
      const xml = `<OME><Image><Pixels ${sizes} PhysicalSizeX="0.5"/></Image></OME>`;
      const path = await put("stack.ome.tif", nestPyramid(await pyramid("deflate"), xml));
      await expect(openSlide(path)).rejects.toMatchObject({
        code: "FORMAT_UNSUPPORTED",
        fix: expect.stringContaining("-channel 0"),
      });
    }
  });

  it.each([
    ["png", () => source().png()],
    ["sixteen-bit.png", () => source().toColourspace("rgb16").png()],
    ["transparent.png", () => source().ensureAlpha(1).png()],
    ["stripped.tif", () => source().tiff({ compression: "lzw" })],
  ])("reads a plain picture (%s) as a slide of one level without resolution", async (name, make) => {
    const slide = await openSlide(await put(`picture.${name}`, await make().toBuffer()));
    expect(slide).toMatchObject({ backend: "libvips", widthPixels: WIDTH, heightPixels: HEIGHT });
    expect(slide.levels.length).toBe(1);
    const pixels = await slide.readRegion({ x: 100, y: 200, level: 0, widthPixels: 2, heightPixels: 1 });
    expect([...pixels]).toEqual([...colourAt(100, 200), ...colourAt(101, 200)]);
    await slide.close();
  });

  it("does not take a picture's 72 dpi for a microscope's resolution", async () => {
    const slide = await openSlide(
      await put("dpi.jpg", await source().jpeg().withMetadata({ density: 300 }).toBuffer()),
    );
    expect(slide.micronsPerPixel).toBeNull();
    await slide.close();
  });

  it("turns grey into RGB", async () => {
    const slide = await openSlide(await put("grey.jpg", await source().greyscale().jpeg({ quality: 100 }).toBuffer()));
    const [red, green, blue] = await slide.readRegion({ x: 9, y: 9, level: 0, widthPixels: 1, heightPixels: 1 });
    expect([green, blue]).toEqual([red, red]);
    await slide.close();
  });

  it("waits for reads in flight before it closes, and refuses later ones", async () => {
    const path = await put("closing.tif", await pyramid("jpeg"));
    for (const backend of backends) {
      const slide = await openSlide(path, { backend });
      const region = { x: 0, y: 0, level: 0, widthPixels: 300, heightPixels: 300 };
      const reads = Array.from({ length: 20 }, () => slide.readRegion(region));
      const closing = slide.close();
      await expect(slide.readRegion(region)).rejects.toThrow("closed");
      expect((await Promise.all(reads)).every((pixels) => pixels.length === 270_000)).toBe(true);
      await closing;
      await slide.close();
    }
  });

  it("reads the new pixels of a file replaced under the same name", async () => {
    const path = await put("replaced.png", await source().png().toBuffer());
    const region = { x: 5, y: 5, level: 0, widthPixels: 1, heightPixels: 1 };
    const before = await openSlide(path);
    expect([...(await before.readRegion(region))]).toEqual(colourAt(5, 5));
    await before.close();
    await put("replaced.png", await source().negate().png().toBuffer());
    const after = await openSlide(path);
    expect([...(await after.readRegion(region))]).toEqual(colourAt(5, 5).map((value) => 255 - value));
    await after.close();
  });

  it("finds nothing on a blank slide", async () => {
    const blank = sharp({ create: { width: 900, height: 700, channels: 3, background: "#f3f2f4" } });
    const slide = await openSlide(await put("blank.tif", await blank.tiff({ tile: true, pyramid: true }).toBuffer()));
    const mask = await detectTissue(slide, "OTSU");
    expect(mask).toMatchObject({ tissueShare: 0, isDarkfield: false });
    const preview = await sharp(await maskPreviewPng(mask))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([preview.info.width, preview.info.height]).toEqual([mask.widthPixels, mask.heightPixels]);
    await slide.close();
  });
});

describe("refusals", () => {
  const refusalOf = async (path: string, backend?: SlideBackend) => {
    try {
      const slide = await openSlide(path, backend ? { backend } : {});
      try {
        await slide.readRegion({
          x: 0,
          y: 0,
          level: 0,
          widthPixels: slide.widthPixels,
          heightPixels: slide.heightPixels,
        });
      } finally {
        await slide.close();
      }
    } catch (error) {
      const { code, message, fix } = error as { code?: string; message: string; fix?: string };
      expect(`${message} ${fix}`).not.toContain(folder);
      return { code, fix };
    }
    throw new Error("It was read.");
  };

  it("FILE_NOT_FOUND for a missing file", async () => {
    expect(await refusalOf(place("missing.svs"))).toMatchObject({ code: "FILE_NOT_FOUND" });
    await expect(fileChecksum(place("missing.svs"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });

  it.each<[string, string | Uint8Array, string]>([
    ["text.svs", "This is not a slide.", "bfconvert"],
    ["scan.czi", "ZISRAWFILE\0\0\0\0\0\0 and more", "bfconvert"],
    ["scan.vsi", "anything", "bfconvert"],
    ["drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "PNG"],
    ["scan.dcm", Buffer.concat([Buffer.alloc(128), Buffer.from("DICM\x02\0\0\0")]), "OpenSlide ≥ 4"],
  ])("FORMAT_UNSUPPORTED with the way out for %s", async (name, bytes, way) => {
    const path = await put(name, bytes);
    for (const backend of [undefined, "libvips"] as const)
      expect(await refusalOf(path, backend)).toMatchObject({
        code: "FORMAT_UNSUPPORTED",
        fix: expect.stringContaining(way),
      });
  });

  it.each(["list.tif", "list.svs", "list.ndpi"])(
    "FORMAT_UNSUPPORTED for a list of other files under %s",
    async (name) => {
      await put("elsewhere.jpg", await source().jpeg().toBuffer());
      const names = [
        "NoLayers=1",
        "NoJpegColumns=1",
        "NoJpegRows=1",
        "ImageFile=../elsewhere.jpg",
        "MapFile=../elsewhere.jpg",
      ];
      await mkdir(place("root"), { recursive: true });
      const file = await put(join("root", name), ["[Virtual Microscope Specimen]", ...names, ""].join("\n"));
      await expect(openSlide(file)).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
    },
  );

  it("FORMAT_UNSUPPORTED for a folder and for the preview picture of a MIRAX slide", async () => {
    expect(await refusalOf(folder)).toMatchObject({ code: "FORMAT_UNSUPPORTED" });
    const path = await put("scan.mrxs", await source().jpeg().toBuffer());
    expect(await refusalOf(path)).toMatchObject({
      code: "FORMAT_UNSUPPORTED",
      fix: expect.stringContaining("OpenSlide"),
    });
  });

  it("SLIDE_CORRUPT for an empty file, a cut one, and one with a hole in its tiles", async () => {
    const whole = await pyramid("jpeg");
    const holed = Buffer.from(whole);
    holed.fill(0, Math.floor(whole.length * 0.1), Math.floor(whole.length * 0.3));
    const cut = [0.02, 0.3, 0.6, 0.9, 0.99].map((share) => whole.subarray(0, Math.floor(whole.length * share)));
    for (const [index, bytes] of [Buffer.alloc(0), ...cut, holed].entries()) {
      const path = await put(`damaged-${index}.svs`, bytes);
      for (const backend of [undefined, ...backends])
        expect(await refusalOf(path, backend), `file ${index}, ${backend}`).toMatchObject({ code: "SLIDE_CORRUPT" });
    }
  });

  it("SLIDE_CORRUPT for a few bad bytes inside a tile's JPEG data", async () => {
    const bytes = await pyramid("jpeg");
    const at = Math.floor(bytes.length * 0.2);
    const path = await put("scratched.tif", Buffer.from(bytes).fill(0xff, at, at + 120));
    for (const backend of backends)
      expect(await refusalOf(path, backend), backend).toMatchObject({ code: "SLIDE_CORRUPT" });
  });

  it("SLIDE_CORRUPT for a picture cut short", async () => {
    const png = await source().png().toBuffer();
    expect(await refusalOf(await put("cut.png", png.subarray(0, png.length / 2)))).toMatchObject({
      code: "SLIDE_CORRUPT",
    });
  });
});

describe("fileChecksum", () => {
  it("is the SHA-256 of the bytes", async () => {
    const path = await put("abc.bin", "abc");
    // FIPS 180-2, appendix B.1.
    expect(await fileChecksum(path)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect((await readFile(path)).length).toBe(3);
  });
});
