import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CohortSummary, renderCohort } from "./index.ts";
import { TISSUE_CLASSES } from "./layout.ts";

/** The tags of every page of a little-endian TIFF: numbers, fractions and text. */
const readPages = (tiff: Buffer): Map<number, number | string>[] => {
  const pages: Map<number, number | string>[] = [];
  for (let at = tiff.readUInt32LE(4); at !== 0; ) {
    const count = tiff.readUInt16LE(at);
    const tags = new Map<number, number | string>();
    for (let entry = at + 2; entry < at + 2 + 12 * count; entry += 12) {
      const [tag, type, length] = [
        tiff.readUInt16LE(entry),
        tiff.readUInt16LE(entry + 2),
        tiff.readUInt32LE(entry + 4),
      ];
      const offset = tiff.readUInt32LE(entry + 8);
      if (type === 2) tags.set(tag, tiff.toString("latin1", offset, offset + length - 1));
      else if (type === 5) tags.set(tag, tiff.readUInt32LE(offset) / tiff.readUInt32LE(offset + 4));
      else tags.set(tag, type === 3 ? tiff.readUInt16LE(entry + 8) : offset);
    }
    expect([...tags.keys()]).toEqual([...tags.keys()].sort((a, b) => a - b));
    pages.push(tags);
    at = tiff.readUInt32LE(at + 2 + 12 * count);
  }
  return pages;
};

let folder: string;
let cohort: CohortSummary;
const progress: number[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "synthetic-"));
  cohort = await renderCohort({
    folder: join(folder, "two"),
    patients: 3,
    seed: 5,
    edgePixels: 512,
    concurrency: 2,
    onProgress: ({ done, total }) => progress.push(done / total),
  });
});
afterAll(() => rm(folder, { recursive: true }));

describe("renderCohort", () => {
  test("writes slides, truth, clinical table and README, and nothing half", async () => {
    const root = join(folder, "two");
    expect((await readdir(root)).sort()).toEqual(["README.txt", "clinical.csv", "slides", "truth"]);
    expect((await readdir(join(root, "slides"))).sort()).toEqual([
      "SYN-0001-01.tif",
      "SYN-0002-01.tif",
      "SYN-0003-01.tif",
    ]);
    expect(await readdir(join(root, "truth"))).toHaveLength(6);
    expect(progress).toEqual([1 / 3, 2 / 3, 1]);
    expect(await readFile(join(root, "README.txt"), "utf8")).toContain("SYNTHETIC");
    expect((await readFile(cohort.clinicalFile, "utf8")).split("\n")).toHaveLength(5);
  });

  test("one thread alone writes the same bytes, for a smaller cohort too", async () => {
    const root = join(folder, "one");
    await renderCohort({ folder: root, patients: 2, seed: 5, edgePixels: 512, concurrency: 1 });
    for (const name of [
      "slides/SYN-0001-01.tif",
      "slides/SYN-0002-01.tif",
      "truth/SYN-0002-01.png",
      "truth/SYN-0002-01-immune.png",
    ]) {
      expect(Buffer.compare(await readFile(join(root, name)), await readFile(join(folder, "two", name)))).toBe(0);
    }
  });

  test("every page says SYNTHETIC and has its own resolution: 0.5, 1, … µm/px", async () => {
    const pages = readPages(await readFile(cohort.slideFiles[0] as string));
    expect(pages.map((tags) => tags.get(256))).toEqual([512, 256]);
    for (const [level, tags] of pages.entries()) {
      expect(tags.get(270)).toMatch(/^SYNTHETIC: .*SYN-0001-01.*\.$/);
      expect([tags.get(282), tags.get(283), tags.get(296)]).toEqual([20000 / 2 ** level, 20000 / 2 ** level, 3]);
      expect([tags.get(322), tags.get(323), tags.get(259)]).toEqual([256, 256, 7]);
    }
  });

  test("slides are read by libvips, page by page", async () => {
    const file = cohort.slideFiles[2] as string;
    const { width, pages } = await sharp(file).metadata();
    expect([width, pages]).toEqual([512, 2]);
    const full = await sharp(file).resize(256, 256, { kernel: "linear" }).raw().toBuffer();
    const half = await sharp(file, { page: 1 }).raw().toBuffer();
    const difference = full.reduce((sum, value, i) => sum + Math.abs(value - (half[i] as number)), 0) / full.length;
    expect(difference).toBeLessThan(6);
  });

  test("truth maps hold classes and cells per mm²", async () => {
    const truth = join(folder, "two", "truth", "SYN-0001-01");
    const classes = await sharp(`${truth}.png`).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
    expect([classes.info.width, classes.info.height]).toEqual([64, 64]);
    expect([...new Set(classes.data)].sort()).toEqual(Object.values(TISSUE_CLASSES));
    const immune = sharp(`${truth}-immune.png`);
    expect(await immune.metadata()).toMatchObject({ width: 64, channels: 1, depth: "ushort" });
    const raw = await immune.toColourspace("grey16").raw({ depth: "ushort" }).toBuffer();
    const cells =
      new Uint16Array(raw.buffer, raw.byteOffset, raw.length / 2).reduce((sum, value) => sum + value, 0) * 0.004 ** 2;
    const drawn = cohort.patients[0]?.immuneCells ?? 0;
    expect(cells).toBeGreaterThan(0.8 * drawn - 1);
    expect(cells).toBeLessThan(1.02 * drawn + 1);
    expect((await readFile(`${truth}.png`)).includes("SYNTHETIC")).toBe(true);
  });

  test("refuses numbers out of range and folders with other slides", async () => {
    const request = { folder: join(folder, "two"), patients: 3, seed: 5, edgePixels: 512 };
    await expect(renderCohort({ ...request, patients: 0 })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      inputPath: ["patients"],
    });
    await expect(renderCohort({ ...request, seed: 0.5 })).rejects.toMatchObject({
      code: "BAD_ARGUMENT",
      inputPath: ["seed"],
    });
    await expect(renderCohort({ ...request, edgePixels: 600 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(renderCohort({ ...request, concurrency: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
    await expect(renderCohort({ ...request, patients: 2 })).rejects.toMatchObject({ code: "CONFLICT" });
    await writeFile(join(folder, "file"), "");
    const inFile = renderCohort({ ...request, folder: join(folder, "file") });
    await expect(inFile).rejects.toMatchObject({ code: "BAD_ARGUMENT", message: expect.not.stringContaining("file") });
  });
});
