import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { deepZoomDescriptor, deepZoomMaxLevel, deepZoomTile, deepZoomTileArea } from "./deepZoom.ts";
import { cellOrigin, patchRegion, planGrid } from "./grid.ts";
import { longestTurnMs } from "./longestTurn.testkit.ts";
import { openSlide, slideBackends } from "./openSlide.ts";
import { readPatch } from "./patches.ts";
import { readScaled, readThumbnail } from "./scaling.ts";
import { detectTissue } from "./tissue.ts";
import type { MicronsPerPixel, OpenedSlide } from "./types.ts";

const SLIDES = join(import.meta.dirname, "../../../shared/data/slides");
const isHere = existsSync(SLIDES);
const hasOpenSlide = slideBackends().openslide.available;
if (!isHere) console.warn("Skipped: ../shared/data/slides is not here.");
else if (!hasOpenSlide) console.warn("Skipped in part: OpenSlide is not installed.");

const CMU = "CMU-1-Small-Region.svs";
const TCGA = [
  "TCGA-06-0174-01Z-00-DX3_roi1.tif",
  "TCGA-26-1442-01Z-00-DX1_roi1.tif",
  "TCGA-HT-7470-01Z-00-DX4_roi1.tif",
];
const CPTAC = "CPTAC_C3L-00601-26.tif";
const NDPI = "fluorescence.ndpi";

const withSlide = async <T>(
  name: string,
  use: (slide: OpenedSlide) => Promise<T>,
  backend?: "openslide" | "libvips",
) => {
  const slide = await openSlide(join(SLIDES, name), backend ? { backend } : {});
  try {
    return await use(slide);
  } finally {
    await slide.close();
  }
};

/** Numbers in [0, 1), the same in every run. */
const seeded = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32;
};

describe.skipIf(!isHere || !hasOpenSlide)("OpenSlide and libvips", () => {
  it.each([CMU, ...TCGA, CPTAC])("give the same pixels of %s on every level, edges included", async (name) => {
    await withSlide(
      name,
      async (one) =>
        withSlide(
          name,
          async (other) => {
            expect(one.levels).toEqual(other.levels);
            expect(one.micronsPerPixel).toEqual(other.micronsPerPixel);
            const random = seeded(7);
            for (const [level, { widthPixels, heightPixels, downsample }] of one.levels.entries()) {
              // Where no level-0 pixel falls on a level's pixel, as on CPTAC's halves of odd sizes, OpenSlide blends two.
              if (!Number.isInteger(downsample)) continue;
              for (let i = 0; i < 25; i++) {
                const region = {
                  x: Math.floor((random() * 1.2 - 0.1) * widthPixels * downsample),
                  y: Math.floor((random() * 1.2 - 0.1) * heightPixels * downsample),
                  level,
                  widthPixels: 1 + Math.floor(random() * 300),
                  heightPixels: 1 + Math.floor(random() * 300),
                };
                const [a, b] = await Promise.all([one.readRegion(region), other.readRegion(region)]);
                let worst = 0;
                for (let at = 0; at < a.length; at++) worst = Math.max(worst, Math.abs((a[at] ?? 0) - (b[at] ?? 999)));
                expect(worst, JSON.stringify(region)).toBeLessThanOrEqual(1);
              }
            }
          },
          "libvips",
        ),
      "openslide",
    );
  });

  it("reads the dark-field NDPI, and never its macro", async () => {
    await withSlide(NDPI, async (slide) => {
      expect(slide).toMatchObject({ backend: "openslide", vendor: "hamamatsu", widthPixels: 3968, heightPixels: 4864 });
      expect(slide.micronsPerPixel?.x).toBeCloseTo(0.22818, 4);
      for (const method of ["OTSU", "FIXED"] as const)
        await expect(detectTissue(slide, method)).rejects.toMatchObject({
          code: "NOT_BRIGHTFIELD",
          fix: expect.stringContaining("DARKFIELD"),
        });
      const mask = await detectTissue(slide, "DARKFIELD");
      expect(mask.isDarkfield).toBe(true);
      expect(mask.tissueShare).toBeGreaterThan(0.6);
      expect(mask.tissueShare).toBeLessThan(0.85);
    });
    await expect(openSlide(join(SLIDES, NDPI), { backend: "libvips" })).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
    });
  });
});

describe.skipIf(!isHere)("real slides", () => {
  it("have the resolution that their files tell, or none", async () => {
    const resolutionOf = (name: string) => withSlide(name, async (slide) => slide.micronsPerPixel, "libvips");
    expect(await resolutionOf(CMU)).toEqual({ x: 0.499, y: 0.499 });
    for (const name of TCGA) expect(await resolutionOf(name)).toEqual({ x: 0.5, y: 0.5 });
    expect(await resolutionOf(CPTAC)).toBeNull();
  });

  it("give away no date, name, serial number or free text", async () => {
    for (const name of [CMU, ...TCGA, CPTAC, ...(hasOpenSlide ? [NDPI] : [])])
      await withSlide(name, async ({ properties }) => {
        const text = JSON.stringify(properties);
        for (const secret of [
          "CMU-1",
          "12/29/09",
          "CPAPERIOCS",
          "b414003d",
          "1004486",
          "950291",
          "2011",
          "2017",
          "Aperio Image",
        ])
          expect(text).not.toContain(secret);
      });
  });

  it("never serve the label or macro: one level in the SVS of four pages", async () => {
    for (const backend of hasOpenSlide ? (["openslide", "libvips"] as const) : (["libvips"] as const))
      await withSlide(
        CMU,
        async (slide) => expect(slide.levels).toEqual([{ widthPixels: 2220, heightPixels: 2967, downsample: 1 }]),
        backend,
      );
  });

  it.each([
    [CMU, 0.3, 0.42],
    [CPTAC, 0.28, 0.36],
    [TCGA[0], 0.99, 1],
    [TCGA[1], 0.97, 1],
    [TCGA[2], 0.99, 1],
  ])("have as much tissue as the eye sees: %s", async (name = "", low, high) => {
    await withSlide(name, async (slide) => {
      const mask = await detectTissue(slide, "OTSU");
      expect(mask.tissueShare).toBeGreaterThanOrEqual(low);
      expect(mask.tissueShare).toBeLessThanOrEqual(high);
      expect(Math.max(mask.widthPixels, mask.heightPixels)).toBe(512);
      await expect(detectTissue(slide, "DARKFIELD")).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    });
  });

  it("are cut into patches of one shape, off the event loop", async () => {
    await withSlide(CMU, async (slide) => {
      const { widthPixels, heightPixels } = slide;
      const micronsPerPixel = slide.micronsPerPixel as MicronsPerPixel;
      const run = async () => {
        const mask = await detectTissue(slide, "OTSU");
        const grid = planGrid(
          {
            widthPixels,
            heightPixels,
            micronsPerPixel,
            patchSize: 224,
            targetMicronsPerPixel: 1,
            overlap: 0,
            minTissue: 0.5,
          },
          mask,
        );
        const plan = patchRegion(slide.levels, grid);
        expect(grid).toMatchObject({ columns: 4, rows: 6, sizeX: 449, sizeY: 449 });
        expect(plan).toEqual({ level: 0, widthPixels: 449, heightPixels: 449 });
        const patches = await Promise.all(
          Array.from(grid.cells, (cell) => {
            const { x, y } = cellOrigin(grid, cell);
            return readPatch(slide, plan, x, y);
          }),
        );
        expect(patches.length).toBeGreaterThan(5);
        expect(patches.every((pixels) => pixels.length === 449 * 449 * 3)).toBe(true);
      };
      await run();
      expect(await longestTurnMs(run)).toBeLessThan(30);
    });
  });

  it("SLIDE_CORRUPT when an SVS is cut anywhere", async () => {
    const folder = await mkdtemp(join(tmpdir(), "histoql-cut-"));
    try {
      const bytes = await readFile(join(SLIDES, CMU));
      for (const share of [0.01, 0.5, 0.9, 0.999]) {
        const path = join(folder, `cut-${share}.svs`);
        await writeFile(path, bytes.subarray(0, Math.floor(bytes.length * share)));
        for (const options of [{}, { backend: "libvips" as const }])
          await expect(openSlide(path, options)).rejects.toMatchObject({ code: "SLIDE_CORRUPT" });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("FORMAT_UNSUPPORTED or readable: the DICOM instance", async () => {
    const version = slideBackends().openslide.version ?? "0";
    const opening = openSlide(join(SLIDES, "small_dicom.dcm"));
    if (Number.parseInt(version, 10) < 4)
      await expect(opening).rejects.toMatchObject({
        code: "FORMAT_UNSUPPORTED",
        fix: expect.stringContaining("OpenSlide ≥ 4"),
      });
    else
      await opening.then(
        (slide) => slide.close(),
        (error: unknown) => expect(error).toMatchObject({ code: "FORMAT_UNSUPPORTED" }),
      );
  });
});

describe.skipIf(!isHere)("scaled views", () => {
  it("do not depend on whether they were read whole or in pieces", async () => {
    await withSlide(CPTAC, async (slide) => {
      const flat: OpenedSlide = { ...slide, levels: slide.levels.slice(0, 1) };
      const [coarse, pieced] = [await readThumbnail(slide, 400), await readThumbnail(flat, 400)];
      expect([pieced.widthPixels, pieced.heightPixels]).toEqual([coarse.widthPixels, coarse.heightPixels]);
      let difference = 0;
      for (let at = 0; at < coarse.pixels.length; at++)
        difference += Math.abs((coarse.pixels[at] ?? 0) - (pieced.pixels[at] ?? 0));
      expect(difference / coarse.pixels.length).toBeLessThan(3);
    });
  });

  it("tile the slide as Deep Zoom asks: every pixel once, plus the overlap", async () => {
    await withSlide(CMU, async (slide) => {
      const max = deepZoomMaxLevel(slide);
      expect(max).toBe(12);
      expect(deepZoomDescriptor(slide)).toContain('<Size Width="2220" Height="2967"/>');
      for (let level = 0; level <= max; level++) {
        let width = 0;
        for (let column = 0; ; column++) {
          const area = deepZoomTileArea(slide, level, column, 0);
          if (!area) break;
          expect(area.left).toBe(Math.max(0, column * 254 - 1));
          width = area.left + area.widthPixels;
        }
        expect(width).toBe(Math.ceil(2220 / 2 ** (max - level)));
      }
      const tile = await sharp(await deepZoomTile(slide, max, 1, 1)).metadata();
      expect([tile.format, tile.width, tile.height]).toEqual(["jpeg", 256, 256]);
      const corner = await sharp(await deepZoomTile(slide, max, 8, 11)).metadata();
      expect([corner.width, corner.height]).toEqual([2220 - 8 * 254 + 1, 2967 - 11 * 254 + 1]);
      const whole = await sharp(await deepZoomTile(slide, 0, 0, 0)).metadata();
      expect([whole.width, whole.height]).toEqual([1, 1]);
      for (const [level, column, row] of [
        [max + 1, 0, 0],
        [max, 9, 0],
        [0, 0, 1],
        [-1, 0, 0],
        [1, 0.5, 0],
      ] as const)
        await expect(deepZoomTile(slide, level, column, row)).rejects.toMatchObject({ code: "NOT_FOUND" });
      const same = await readScaled(slide, { x: 10, y: 20, widthPixels: 30, heightPixels: 40 }, 30, 40);
      expect(same).toEqual(await slide.readRegion({ x: 10, y: 20, level: 0, widthPixels: 30, heightPixels: 40 }));
    });
  });
});
