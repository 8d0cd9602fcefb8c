import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ByteSource, readTiffDirectories } from "./tiffDirectory.ts";

const sourceOf = (bytes: Uint8Array): ByteSource & { readBytes: () => number } => {
  let total = 0;
  return {
    sizeBytes: bytes.length,
    readBytes: () => total,
    read: async (offset, length) => {
      const part = bytes.subarray(offset, offset + length);
      total += part.length;
      return part;
    },
  };
};

type Page = {
  width: number;
  height: number;
  tile: number | null;
  resolution: readonly [number, number];
  unit: number;
  description: string;
  subfileType: number;
  children?: Page[];
};
type Format = { littleEndian: boolean; isBig: boolean };

/** Writes directories, and no pixels, as TIFF 6.0 or BigTIFF lay them out. */
const writeTiff = (pages: readonly Page[], { littleEndian, isBig }: Format): Uint8Array => {
  const view = new DataView(new ArrayBuffer(64 * 1024));
  let end = isBig ? 16 : 8;
  const put = (at: number, size: number, value: number) => {
    if (size === 1) view.setUint8(at, value);
    else if (size === 2) view.setUint16(at, value, littleEndian);
    else if (size === 4) view.setUint32(at, value, littleEndian);
    else view.setBigUint64(at, BigInt(value), littleEndian);
  };
  const pointer = isBig ? 8 : 4;
  view.setUint16(0, littleEndian ? 0x4949 : 0x4d4d);
  put(2, 2, isBig ? 43 : 42);
  if (isBig) put(4, 2, 8);

  const writePage = (page: Page): { start: number; nextAt: number } => {
    const children = (page.children ?? []).map((child) => writePage(child).start);
    const text = new TextEncoder().encode(`${page.description}\0`);
    const rational = (value: number) => [Math.round(value * 1000), 1000];
    const fields: [tag: number, type: number, size: number, count: number, values: number[]][] = [
      [254, 4, 4, 1, [page.subfileType]],
      [256, 4, 4, 1, [page.width]],
      [257, 4, 4, 1, [page.height]],
      [258, 3, 2, 3, [8, 8, 8]],
      [259, 3, 2, 1, [7]],
      [262, 3, 2, 1, [6]],
      [270, 2, 1, text.length, [...text]],
      [277, 3, 2, 1, [3]],
      [282, 5, 4, 1, rational(page.resolution[0])],
      [283, 5, 4, 1, rational(page.resolution[1])],
      [296, 3, 2, 1, [page.unit]],
      ...((page.tile === null
        ? []
        : [
            [322, 3, 2, 1, [page.tile]],
            [324, 4, 4, 2, [100, 5000]],
            [325, 4, 4, 2, [50, 77]],
          ]) as [number, number, number, number, number[]][]),
      ...((children.length === 0 ? [] : [[330, isBig ? 18 : 4, pointer, children.length, children]]) as [
        number,
        number,
        number,
        number,
        number[],
      ][]),
    ];
    const places = fields.map(([, , size, , values]) => {
      if (values.length * size <= pointer) return null;
      const at = end;
      values.forEach((value, i) => {
        put(at + i * size, size, value);
      });
      end += values.length * size + (values.length % 2);
      return at;
    });
    const at = end;
    put(at, isBig ? 8 : 2, fields.length);
    let cursor = at + (isBig ? 8 : 2);
    for (const [index, [tag, type, size, count, values]] of fields.entries()) {
      put(cursor, 2, tag);
      put(cursor + 2, 2, type);
      put(cursor + 4, pointer, count);
      const valueAt = cursor + 4 + pointer;
      const place = places[index];
      if (place == null)
        values.forEach((value, i) => {
          put(valueAt + i * size, size, value);
        });
      else put(valueAt, pointer, place);
      cursor = valueAt + pointer;
    }
    end = cursor + pointer;
    return { start: at, nextAt: cursor };
  };
  let previous = isBig ? 8 : 4;
  for (const page of pages) {
    const { start, nextAt } = writePage(page);
    put(previous, pointer, start);
    previous = nextAt;
  }
  return new Uint8Array(view.buffer, 0, end);
};

const pages = fc.array(
  fc.record({
    width: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    height: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    tile: fc.option(fc.integer({ min: 16, max: 4096 })),
    resolution: fc.tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 100_000 })),
    unit: fc.integer({ min: 1, max: 3 }),
    description: fc.string({ maxLength: 60 }).filter((text) => !text.includes("\0")),
    subfileType: fc.integer({ min: 0, max: 9 }),
  }),
  { minLength: 1, maxLength: 6 },
);
const formats = fc.record({ littleEndian: fc.boolean(), isBig: fc.boolean() });

describe("readTiffDirectories", () => {
  it("reads back what was written, in either byte order, classic or Big", async () => {
    await fc.assert(
      fc.asyncProperty(pages, formats, async (written, format) => {
        const reading = await readTiffDirectories(sourceOf(writeTiff(written, format)));
        if (reading.kind !== "tiff") throw new Error(reading.kind);
        expect(reading.directories.length).toBe(written.length);
        for (const [index, page] of written.entries())
          expect(reading.directories[index]).toMatchObject({
            widthPixels: page.width,
            heightPixels: page.height,
            isTiled: page.tile !== null,
            xResolution: page.resolution[0],
            yResolution: page.resolution[1],
            resolutionUnit: page.unit,
            imageDescription: page.description,
            newSubfileType: page.subfileType,
            compression: 7,
            bitsPerSample: [8, 8, 8],
            dataEnd: page.tile === null ? 0 : 5077,
          });
      }),
    );
  });

  it("follows SubIFDs, where OME-TIFF keeps its pyramid", async () => {
    await fc.assert(
      fc.asyncProperty(pages, pages, formats, async ([page], children, format) => {
        if (!page) return;
        const reading = await readTiffDirectories(sourceOf(writeTiff([{ ...page, children }], format)));
        if (reading.kind !== "tiff") throw new Error(reading.kind);
        expect(reading.directories[0]?.subIfds.map((child) => [child.widthPixels, child.heightPixels])).toEqual(
          children.map((child) => [child.width, child.height]),
        );
      }),
    );
  });

  it("calls a TIFF that was cut anywhere damaged, or reads it whole, but never fails", async () => {
    await fc.assert(
      fc.asyncProperty(
        pages,
        formats,
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (written, format, share) => {
          const bytes = writeTiff(written, format);
          const reading = await readTiffDirectories(sourceOf(bytes.slice(0, Math.floor(bytes.length * share))));
          expect(reading.kind).toBe(bytes.length * share < (format.isBig ? 16 : 8) ? reading.kind : "damaged");
        },
      ),
    );
  });

  it("survives any bytes, changed anywhere, with bounded work", async () => {
    await fc.assert(
      fc.asyncProperty(
        pages,
        formats,
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 40 }),
        async (written, format, changes) => {
          const bytes = writeTiff(written, format);
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          const source = sourceOf(bytes);
          expect(["tiff", "damaged", "other"]).toContain((await readTiffDirectories(source)).kind);
          expect(source.readBytes()).toBeLessThan(50 * 1024 * 1024);
        },
      ),
    );
  });

  it("survives noise behind a valid header", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 0, maxLength: 600 }), fc.boolean(), async (noise, isBig) => {
        const head = isBig ? [0x49, 0x49, 43, 0, 8, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0] : [0x49, 0x49, 42, 0, 8, 0, 0, 0];
        const reading = await readTiffDirectories(sourceOf(Uint8Array.from([...head, ...noise])));
        expect(["tiff", "damaged"]).toContain(reading.kind);
      }),
    );
  });

  it("notices directories that form a loop", async () => {
    const bytes = writeTiff(
      [{ width: 1, height: 1, tile: null, resolution: [1, 1], unit: 1, description: "", subfileType: 0 }],
      { littleEndian: true, isBig: false },
    );
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    view.setUint32(bytes.length - 4, view.getUint32(4, true), true);
    expect(await readTiffDirectories(sourceOf(bytes))).toEqual({ kind: "damaged", damage: "malformed" });
  });

  it("leaves other files alone", async () => {
    for (const text of ["", "II", "not a slide", "%PDF-1.7 ..........", "MM\0*"])
      expect((await readTiffDirectories(sourceOf(new TextEncoder().encode(text)))).kind).toBe("other");
  });
});
