import { describe, expect, it } from "vitest";
import type { TiffDirectory } from "./tiffDirectory.ts";
import { isForeignVendor, isReadableByLibvips, tiffPyramid, tiffVendor } from "./tiffPyramid.ts";

const directory = (changes: Partial<TiffDirectory> = {}): TiffDirectory => ({
  widthPixels: 46_000,
  heightPixels: 32_914,
  isTiled: true,
  compression: 7,
  photometric: 6,
  bitsPerSample: [8, 8, 8],
  samplesPerPixel: 3,
  newSubfileType: 0,
  imageDescription: null,
  make: null,
  model: null,
  xResolution: null,
  yResolution: null,
  resolutionUnit: null,
  tags: [],
  planarConfiguration: 1,
  tileWidth: 240,
  tileHeight: 240,
  jpegTables: null,
  pieces: { offsets: new Float64Array(), byteCounts: new Float64Array() },
  dataEnd: 0,
  subIfds: [],
  ...changes,
});

describe("tiffPyramid", () => {
  it("takes Aperio's levels and leaves its thumbnail, label and macro", () => {
    const text = (rest: string) => `Aperio Image Library v11.2.1 \n${rest}`;
    const pages = [
      directory({ imageDescription: text("46000x32914 (240x240) JPEG/RGB|MPP = 0.499") }),
      directory({ widthPixels: 1024, heightPixels: 733, isTiled: false, imageDescription: text("-> 1024x733") }),
      directory({ widthPixels: 11_500, heightPixels: 8228, imageDescription: text("-> 11500x8228") }),
      directory({ widthPixels: 2875, heightPixels: 2057, imageDescription: text("-> 2875x2057") }),
      directory({
        widthPixels: 387,
        heightPixels: 463,
        isTiled: false,
        newSubfileType: 1,
        imageDescription: text("label 387x463"),
      }),
      // A label as tiled and as wide as a level would be, told by its name alone.
      directory({ widthPixels: 460, heightPixels: 329, imageDescription: text("label 460x329") }),
      directory({ widthPixels: 1280, heightPixels: 916, newSubfileType: 9, imageDescription: text("1280x916") }),
    ];
    expect(tiffPyramid(pages).map(({ page, subIfd }) => [page, subIfd])).toEqual([
      [0, -1],
      [2, -1],
      [3, -1],
    ]);
  });

  it("sorts pages by size, takes reduced ones, and leaves other pictures by their shape", () => {
    const reduced = (widthPixels: number, heightPixels: number) =>
      directory({ widthPixels, heightPixels, newSubfileType: 1 });
    const pages = [
      directory(),
      reduced(11_500, 8228),
      reduced(23_000, 16_457),
      reduced(9000, 9000),
      directory(),
      reduced(3, 2),
    ];
    expect(tiffPyramid(pages).map(({ page }) => page)).toEqual([0, 2, 1, 5]);
  });

  it("prefers SubIFDs, and has no level where the first page is not tiled", () => {
    const nested = directory({ subIfds: [directory({ widthPixels: 23_000, heightPixels: 16_457 })] });
    const page = directory({ widthPixels: 11_500, heightPixels: 8228 });
    expect(tiffPyramid([nested, page]).map(({ page, subIfd }) => [page, subIfd])).toEqual([
      [0, -1],
      [0, 0],
    ]);
    expect(tiffPyramid([directory({ isTiled: false })])).toEqual([]);
    expect(tiffPyramid([])).toEqual([]);
  });
});

describe("tiffVendor", () => {
  it.each([
    ["aperio", { imageDescription: "Aperio Image Library" }, false],
    ["ome-tiff", { imageDescription: '<?xml version="1.0"?><OME xmlns="x"><Image/></OME>' }, false],
    ["generic-tiff", {}, false],
    ["hamamatsu", { tags: [65420] }, true],
    ["leica", { imageDescription: '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn">' }, true],
    ["ventana", { tags: [700], imageDescription: "level=0 mag=40 quality=95" }, true],
    ["trestle", { imageDescription: "OverlapsXY= 64 64;" }, true],
  ])("knows %s", (vendor, changes, isForeign) => {
    expect(tiffVendor(directory(changes))).toBe(vendor);
    expect(isForeignVendor(vendor)).toBe(isForeign);
  });
});

describe("isReadableByLibvips", () => {
  it.each([
    ["JPEG 2000 of Aperio", { compression: 33_005 }, false],
    ["sixteen bits", { bitsPerSample: [16] }, false],
    ["a palette", { photometric: 3 }, false],
    ["CMYK", { photometric: 5 }, false],
    ["JPEG", {}, true],
    ["LZW grey", { compression: 5, photometric: 1, bitsPerSample: [8] }, true],
  ])("judges %s", (_name, changes, isReadable) => {
    expect(isReadableByLibvips(directory(changes))).toBe(isReadable);
  });
});
