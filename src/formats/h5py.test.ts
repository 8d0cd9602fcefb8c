import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { withFeatures } from "./featureThread.ts";
import type { FeatureLayout } from "./types.ts";

/** Files that h5py and numpy have written, not our own library: see write.py beside them. */
const FOLDER = join(import.meta.dirname, "../../test/fixtures/h5py");
const ROWS = 6;
const DIMS = 4;
const NUMBERS = Float16Array.from({ length: ROWS * DIMS }, (_, index) => index / 8 - 1);

const read = (name: string, layout: FeatureLayout) =>
  withFeatures({ file: join(FOLDER, name), layout, level: "PATCH" }, async (features) => {
    const slide = await features.next();
    if (!slide) throw new Error("The file is empty.");
    const [batch] = await Array.fromAsync(features.batches(slide));
    return { ...slide, numbers: new Float16Array((batch as { halves: Uint16Array<ArrayBuffer> }).halves.buffer) };
  });

describe("files of h5py", () => {
  it.each([
    ["trident.h5", "TRIDENT_H5"],
    ["trident-float16.h5", "TRIDENT_H5"],
    ["clam.h5", "CLAM_H5"],
    ["gzip-float64.h5", "CLAM_H5"],
    ["big-endian.h5", "CLAM_H5"],
  ] as const)("%s is read, number by number", async (name, layout) => {
    const slide = await read(name, layout);
    expect([slide.rows, slide.dims]).toEqual([ROWS, DIMS]);
    expect(slide.numbers).toEqual(NUMBERS);
    expect(slide.x).toEqual(Int32Array.of(900, 1412, 900, 3, 515, 3));
    expect(slide.y).toEqual(Int32Array.of(64, 64, 576, 2000, 2000, 7));
  });

  it("of TRIDENT say what their patches are, and nothing of folders", async () => {
    const { slideKey, declared } = await read("trident.h5", "TRIDENT_H5");
    expect(slideKey).toBe("S1");
    expect(declared).toMatchObject({
      patchSize: 256,
      micronsPerPixel: 0.5,
      sizePixels: 512,
      widthPixels: 4096,
      overlap: 0,
    });
    expect(Object.keys(declared.attributes)).not.toContain("savetodir");
  });

  it("with a filter that the library lacks are refused, not read as zeros", async () => {
    await expect(read("lzf.h5", "CLAM_H5")).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
      message: expect.stringContaining("lzf"),
    });
  });

  it("that lead into other files are refused", async () => {
    await expect(read("link.h5", "CLAM_H5")).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
  });
});

describe("archives of numpy", () => {
  it("are read in Fortran's order too, with their patient", async () => {
    const patient = await read("P7.npz", "DEEP_ATTN_MISL_NPZ");
    expect(patient.patientKey).toBe("P7");
    expect(patient.numbers).toEqual(NUMBERS);
  });
});

describe("tables of pyarrow", () => {
  it("are read with large lists, as polars and pandas write them", async () => {
    const slide = await read("large-lists.feather", "ARROW");
    expect(slide.slideKey).toBe("S1");
    expect(slide.x).toEqual(Int32Array.of(900, 1412, 900, 3, 515, 3));
    expect(slide.numbers).toEqual(NUMBERS);
  });

  it("that are compressed are called so, not damaged", async () => {
    await expect(read("compressed.feather", "ARROW")).rejects.toMatchObject({
      code: "FORMAT_UNSUPPORTED",
      fix: expect.stringContaining("uncompressed"),
    });
  });
});
