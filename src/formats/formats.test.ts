import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Field,
  FixedSizeList,
  Float32,
  List,
  RecordBatchFileWriter,
  Table,
  tableToIPC,
  vectorFromArray,
} from "apache-arrow";
import fc from "fast-check";
import { zipSync } from "fflate";
import { parquetWriteFile } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { seededUniform } from "../platform/random.ts";
import type { FeatureBatch, FeatureTable } from "./featureTable.ts";
import { type SlideHeader, withFeatures } from "./featureThread.ts";
import { encodeHdf5Archive } from "./hdf5/archive.ts";
import { readNpy } from "./numpy/npy.ts";
import { readPlaces } from "./places.ts";
import { halvesOf } from "./roundToHalves.ts";
import { tarHeader } from "./tar.ts";
import type { FeatureLayout, FeatureLevel } from "./types.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-formats-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Read = SlideHeader & { halves: Uint16Array };

/** All slides of a file with all of their vectors. */
const readAll = (file: string, layout: FeatureLayout, level: FeatureLevel = "PATCH"): Promise<Read[]> =>
  withFeatures({ file, layout, level }, async (features) => {
    const slides: Read[] = [];
    for (let header = await features.next(); header; header = await features.next()) {
      const halves = new Uint16Array(header.rows * header.dims);
      for await (const batch of features.batches(header)) halves.set(batch.halves, batch.from * header.dims);
      slides.push({ ...header, halves });
    }
    return slides;
  });

const halvesAt = (rows: number, dims: number, seed: number): Uint16Array => {
  const random = seededUniform(seed);
  const numbers = Float16Array.from({ length: rows * dims }, () => random() * 8 - 4);
  return new Uint16Array(numbers.buffer);
};

describe("half precision", () => {
  const finite = fc.float({ noNaN: true, noDefaultInfinity: true, min: -65000, max: 65000 });

  it("is what the nearest half is, ties to even, from single and double precision", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1 }), (values) => {
        const wanted = Array.from(values, Math.f16round);
        const back = (bits: Uint16Array<ArrayBuffer>) => Array.from(new Float16Array(bits.buffer));
        expect(back(halvesOf(Float32Array.from(values), 1, 0))).toEqual(wanted);
        expect(back(halvesOf(Float64Array.from(values), 1, 0))).toEqual(wanted);
      }),
    );
  });

  it("leaves halves as they are, whatever their bits", () => {
    fc.assert(
      fc.property(fc.uint16Array({ minLength: 1 }), (bits) => {
        const finiteBits = bits.map((each) => ((each & 0x7c00) === 0x7c00 ? each & 0x83ff : each));
        expect(halvesOf(new Float16Array(finiteBits.slice().buffer), 1, 0)).toEqual(finiteBits);
      }),
    );
  });

  it("refuses what it cannot hold, with the row, wherever it stands", () => {
    const strange = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 65520, -1e9);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(),
        strange,
        (rows, dims, at, value) => {
          const values = new Float64Array(rows * dims);
          values[at % values.length] = value;
          const row = 100 + Math.floor((at % values.length) / dims);
          expect(() => halvesOf(values, dims, 100)).toThrow(expect.objectContaining({ code: "NOT_FINITE" }));
          expect(() => halvesOf(values, dims, 100)).toThrow(`row ${row} `);
        },
      ),
    );
  });
});

describe("places", () => {
  const place = fc.tuple(fc.nat(5000), fc.nat(5000));
  const distinct = fc.uniqueArray(place, { minLength: 1, selector: String });

  it("have one digest in any order, and another one when one of them moves", () => {
    fc.assert(
      fc.property(distinct, fc.integer(), (places, seed) => {
        const random = seededUniform(seed);
        const shuffled = places.map((each) => [random(), each] as const).sort(([a], [b]) => a - b);
        const { digest } = readPlaces(places.flat());
        expect(readPlaces(shuffled.flatMap(([, each]) => each)).digest).toBe(digest);
        const [[x, y], ...others] = places as [[number, number], ...[number, number][]];
        expect(readPlaces([[x + 6000, y], ...others].flat()).digest).not.toBe(digest);
      }),
    );
  });

  it("are as far apart as most are, where two pieces of tissue come close to each other", () => {
    // Two contours of CLAM on one line, the second one 7 pixels behind the first one's last corner.
    const line = [0, 256, 512, 519, 775, 1031].flatMap((x) => [x, 40]);
    expect(readPlaces(line).spacing).toBe(256);
    expect(readPlaces([...line, 0, 296, 9, 296]).spacing).toBe(256);
    expect(readPlaces([0, 0, 512, 0, 0, 7, 256, 7]).spacing).toBe(256);
    expect(readPlaces([0, 0, 3, 9]).spacing).toBeNull();
  });

  it("are refused twice, with both rows", () => {
    expect(() => readPlaces([1, 2, 3, 4, 5, 6, 3, 4])).toThrow("Rows 1 and 3");
  });

  it.each([[[0.5, 0]], [[-1, 0]], [[0, 2 ** 26]], [[Number.NaN, 0]]])("%j is no pixel", (places) => {
    expect(() => readPlaces(places)).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });
});

/** An array as numpy.lib.format 1.0 lays it out. */
const npy = (descr: string, shape: readonly number[], data: Uint8Array, order = "False"): Buffer => {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${tuple}), }`;
  const header = Buffer.from(`${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`);
  const start = Buffer.from("\x93NUMPY\x01\x00\0\0", "latin1");
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, header, data]);
};
const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

describe("NumPy arrays", () => {
  it("come back as they were written, in either byte order and in Fortran's", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer(),
        (rows, columns, seed) => {
          const random = seededUniform(seed);
          const values = Float32Array.from({ length: rows * columns }, random);
          const shape = [rows, columns];
          expect(readNpy("a", npy("<f4", shape, bytesOf(values)))).toEqual({ shape, values });
          const swapped = Buffer.from(bytesOf(values)).swap32();
          expect(readNpy("a", npy(">f4", shape, swapped)).values).toEqual(values);
          const turned = Float32Array.from(
            values,
            (_, at) => values[(at % rows) * columns + Math.floor(at / rows)] as number,
          );
          expect(readNpy("a", npy("<f4", shape, bytesOf(turned), "True")).values).toEqual(values);
        },
      ),
    );
  });

  it("are read as far as their header says, and no shorter", () => {
    const whole = npy("<f8", [2, 2], bytesOf(Float64Array.of(1, 2, 3, 4)));
    expect(() => readNpy("a", whole.subarray(0, whole.length - 1))).toThrow(
      expect.objectContaining({ code: "SLIDE_CORRUPT" }),
    );
    expect(() => readNpy("a", Buffer.from("PK"))).toThrow(expect.objectContaining({ code: "FORMAT_UNSUPPORTED" }));
  });

  it("never run what a pickle says", () => {
    expect(() => readNpy("pid", npy("|O", [1], Buffer.from("cos\nsystem\n")))).toThrow("Python objects");
  });

  it("survive any bytes: they are read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          readNpy("a", Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), bytes]));
        } catch (error) {
          expect(error).toMatchObject({ name: "HistoError" });
        }
      }),
    );
  });

  it("make a patient of DeepAttnMISL, whose patches are known by their rows", async () => {
    const features = Float32Array.from({ length: 12 }, (_, index) => index / 4);
    const pid = new Uint32Array([..."P-07"].map((letter) => letter.codePointAt(0) as number));
    const file = join(folder, "P-07.npz");
    await writeFile(
      file,
      zipSync({
        "vgg_features.npy": npy("<f4", [3, 4], bytesOf(features)),
        "pid.npy": npy("<U4", [], bytesOf(pid)),
        "cluster_num.npy": npy("<i8", [3], bytesOf(BigInt64Array.of(1n, 0n, 1n))),
      }),
    );
    const [patient] = await readAll(file, "DEEP_ATTN_MISL_NPZ");
    expect(patient).toMatchObject({ patientKey: "P-07", rows: 3, dims: 4, declared: { hasPlaces: false } });
    expect(patient?.x).toEqual(Int32Array.of(0, 1, 2));
    expect(new Float16Array((patient as Read).halves.buffer)).toEqual(Float16Array.from(features));
  });
});

describe("tables", () => {
  const slides = ["B", "A"];
  const rows = [0, 0, 1, 1, 1];
  const vectors = rows.map((_, row) => Float32Array.of(row, row / 2, -row));
  const columns = {
    slide: rows.map((slide) => slides[slide] as string),
    patient: rows.map(() => "P"),
    x: Int32Array.of(0, 256, 0, 256, 512),
    y: Int32Array.of(0, 0, 8, 8, 8),
    size: Int32Array.from(rows, () => 256),
  };
  const check = (read: Read[]) => {
    expect(read.map(({ slideKey, patientKey, rows: count }) => [slideKey, patientKey, count])).toEqual([
      ["B", "P", 2],
      ["A", "P", 3],
    ]);
    expect(read[1]?.x).toEqual(Int32Array.of(0, 256, 512));
    expect(read[1]?.declared.sizePixels).toBe(256);
    const all = read.flatMap(({ halves }) => Array.from(new Float16Array(halves.buffer)));
    expect(all).toEqual(vectors.flatMap((vector) => Array.from(vector)));
  };
  const item = new Field("item", new Float32());
  const table = (slide = columns.slide, type: FixedSizeList<Float32> | List<Float32> = new FixedSizeList(3, item)) =>
    new Table({
      ...Object.fromEntries(Object.entries({ ...columns, slide }).map(([name, data]) => [name, vectorFromArray(data)])),
      vector: vectorFromArray(
        vectors.map((vector) => Array.from(vector)),
        type,
      ),
    });

  it("of Arrow give their slides, from a stream and from a file", async () => {
    await writeFile(join(folder, "t.arrows"), tableToIPC(table(), "stream"));
    check(await readAll(join(folder, "t.arrows"), "ARROW"));
    await writeFile(join(folder, "t.arrow"), await RecordBatchFileWriter.writeAll(table()).toUint8Array());
    check(await readAll(join(folder, "t.arrow"), "ARROW"));
    await writeFile(join(folder, "lists.arrow"), tableToIPC(table(columns.slide, new List(item)), "stream"));
    check(await readAll(join(folder, "lists.arrow"), "ARROW"));
  });

  it("may have other columns whose names differ in their case alone", async () => {
    const others = {
      Size: vectorFromArray(rows.map(() => "T2")),
      SLIDE: vectorFromArray(rows.map(() => "one")),
      Patient: vectorFromArray(rows.map(() => "no key")),
    };
    const own = table();
    const all = Object.fromEntries(own.schema.names.map((name) => [name, own.getChild(name)]));
    for (const mixed of [
      { ...all, ...others },
      { ...others, ...all },
    ]) {
      await writeFile(join(folder, "cases.arrow"), tableToIPC(new Table(mixed as never), "stream"));
      check(await readAll(join(folder, "cases.arrow"), "ARROW"));
    }
  });

  it("of patients need no slides", async () => {
    const own = new Table({
      patient: vectorFromArray(["P2", "P1"]),
      vector: vectorFromArray(
        [
          [1, 2, 3],
          [4, 5, 6],
        ],
        new FixedSizeList(3, item),
      ),
    });
    await writeFile(join(folder, "patients.arrow"), tableToIPC(own, "stream"));
    const read = await readAll(join(folder, "patients.arrow"), "ARROW", "PATIENT");
    expect(read.map(({ slideKey, patientKey, rows: count }) => [slideKey, patientKey, count])).toEqual([
      ["P2", "P2", 1],
      ["P1", "P1", 1],
    ]);
  });

  it("of Arrow that were cut off are refused", async () => {
    const bytes = tableToIPC(table(), "stream");
    await writeFile(join(folder, "cut.arrow"), bytes.subarray(0, bytes.length - 8));
    await expect(readAll(join(folder, "cut.arrow"), "ARROW")).rejects.toMatchObject({ code: "SLIDE_CORRUPT" });
  });

  it("of Parquet give their slides", async () => {
    const file = join(folder, "t.parquet");
    await parquetWriteFile({
      filename: file,
      columnData: [
        ...Object.entries(columns).map(([name, data]) => ({ name, data: Array.from(data as ArrayLike<unknown>) })),
        { name: "vector", data: vectors.map((vector) => Array.from(vector)) },
      ],
      schema: [
        { name: "root", num_children: 6 },
        { name: "slide", type: "BYTE_ARRAY", converted_type: "UTF8" },
        { name: "patient", type: "BYTE_ARRAY", converted_type: "UTF8" },
        ...["x", "y", "size"].map((name) => ({ name, type: "INT32" as const })),
        { name: "vector", converted_type: "LIST", num_children: 1, repetition_type: "REQUIRED" },
        { name: "list", num_children: 1, repetition_type: "REPEATED" },
        { name: "element", type: "FLOAT", repetition_type: "REQUIRED" },
      ],
    });
    check(await readAll(file, "PARQUET"));
  });

  it("are refused when a slide's rows do not stand together", async () => {
    await writeFile(join(folder, "mixed.arrow"), tableToIPC(table(["A", "B", "A", "B", "A"]), "stream"));
    await expect(readAll(join(folder, "mixed.arrow"), "ARROW")).rejects.toMatchObject({ code: "CONFLICT" });
  });
});

test("a tar header has the sum that tar computes", () => {
  const header = tarHeader("a.h5", 1234, new Date(0));
  expect(header.toString("latin1", 124, 135)).toBe("00000002322");
  const blank = Buffer.from(header).fill(" ", 148, 156);
  expect(Number.parseInt(header.toString("latin1", 148, 154), 8)).toBe(blank.reduce((sum, byte) => sum + byte, 0));
});

describe("an archive of HDF5 files", () => {
  const slides = ["S-1", "S-2"].map((key) => ({ key, patientKey: "P", size: 512, micronsPerPixel: 0.25, values: [] }));
  const table = (dims: number, hasPlaces: boolean): FeatureTable => ({
    dims,
    precision: "FLOAT32",
    slides,
    clinical: [],
    phenotypes: null,
    hasAttention: false,
    hasPlaces,
    metadata: { study: "atlas" },
  });
  const layout = {
    chunkRows: 1,
    coordinates: "int64" as const,
    features: { name: "S", encoder: "uni" },
    coords: {
      patch_size: 256,
      patch_size_level0: 512,
      target_magnification: 20,
      overlap: 0,
      level0_magnification: 40.5,
    },
  };

  /** Slides of 5 and 7 rows, in batches that do not end where slides do. */
  async function* batches(dims: number): AsyncGenerator<FeatureBatch> {
    const slideOf = Int32Array.from({ length: 12 }, (_, row) => (row < 5 ? 0 : 1));
    for (const [from, to] of [
      [0, 3],
      [3, 8],
      [8, 12],
    ] as const) {
      yield {
        rows: to - from,
        ids: { offsets: new Int32Array(), bytes: new Uint8Array() },
        slides: slideOf.slice(from, to),
        x: Int32Array.from({ length: to - from }, (_, row) => (from + row) * 512),
        y: Int32Array.from({ length: to - from }, () => 77),
        phenotypes: new Int32Array(),
        attention: new Float32Array(),
        halves: halvesAt(12, dims, 4).slice(from * dims, to * dims),
      };
    }
  }

  const unpacked = async (name: string, bytes: AsyncIterable<Buffer>): Promise<string> => {
    const own = join(folder, name);
    await mkdir(own);
    await writeFile(join(own, "all.tar"), Buffer.concat(await Array.fromAsync(bytes)));
    execFileSync("tar", ["xf", "all.tar"], { cwd: own });
    return own;
  };

  it("holds every number and place bit by bit, as the reader of these layouts reads them", async () => {
    const dims = 24;
    const scratch = join(folder, "scratch");
    const own = await unpacked(
      "archive",
      encodeHdf5Archive(table(dims, true), batches(dims), () => layout, scratch),
    );
    const [first] = await readAll(join(own, "S-1.h5"), "TRIDENT_H5");
    const [second] = await readAll(join(own, "S-2.h5"), "TRIDENT_H5");
    expect([first?.rows, second?.rows, first?.dims]).toEqual([5, 7, dims]);
    expect(Uint16Array.of(...(first?.halves ?? []), ...(second?.halves ?? []))).toEqual(halvesAt(12, dims, 4));
    expect(second?.x[0]).toBe(5 * 512);
    expect(first?.declared).toMatchObject({
      patchSize: 256,
      micronsPerPixel: 0.5,
      sizePixels: 512,
      attributes: layout.coords,
    });
    const manifest = JSON.parse(await readFile(join(own, "manifest.json"), "utf8"));
    expect(manifest).toMatchObject({ study: "atlas", files: [{ file: "S-1.h5", slide: "S-1", rows: 5 }, { rows: 7 }] });
    for (const { file, sha256 } of manifest.files as { file: string; sha256: string }[]) {
      expect(
        createHash("sha256")
          .update(await readFile(join(own, file)))
          .digest("hex"),
      ).toBe(sha256);
    }
    expect(await readdir(scratch)).toEqual([]);
  });

  it("names slides apart whose keys are long and begin alike", async () => {
    const begin = "s".repeat(99);
    const long = { ...table(8, true), slides: slides.map((slide, index) => ({ ...slide, key: `${begin}${index}` })) };
    const own = await unpacked(
      "long",
      encodeHdf5Archive(long, batches(8), () => layout, join(folder, "long-scratch")),
    );
    const { files } = JSON.parse(await readFile(join(own, "manifest.json"), "utf8")) as {
      files: { file: string; slide: string; rows: number }[];
    };
    expect(files.map(({ slide, rows }) => [slide, rows])).toEqual([
      [`${begin}0`, 5],
      [`${begin}1`, 7],
    ]);
    for (const { file, rows } of files) {
      expect((await readAll(join(own, file), "TRIDENT_H5")).map((slide) => slide.rows)).toEqual([rows]);
    }
  });

  it("is given up in the middle without leaving anything on disk", async () => {
    const scratch = join(folder, "given-up");
    for await (const _ of encodeHdf5Archive(table(8, true), batches(8), () => layout, scratch)) break;
    expect(await readdir(scratch)).toEqual([]);
  });
});
