import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeText } from "./decodeText.ts";

describe("decodeText", () => {
  const text = fc.string({ unit: fc.constantFrom(..."abcé;,1\n"), minLength: 4 });

  it("reads UTF-8 and UTF-16 of either order back, by their mark", () => {
    fc.assert(
      fc.property(text, (value) => {
        const marked = `\uFEFF${value}`;
        expect(decodeText(Buffer.from(value, "utf8"))).toBe(value);
        expect(decodeText(Buffer.from(marked, "utf8"))).toBe(value);
        expect(decodeText(Buffer.from(marked, "utf16le"))).toBe(value);
        expect(decodeText(Buffer.from(marked, "utf16le").swap16())).toBe(value);
      }),
    );
  });

  it("tells UTF-16 without a mark by its zeros", () => {
    fc.assert(
      fc.property(text, (value) => {
        const bytes = Buffer.from(`id,${value}`, "utf16le");
        expect(decodeText(bytes)).toBe(`id,${value}`);
        expect(decodeText(Buffer.from(bytes).swap16())).toBe(`id,${value}`);
      }),
    );
  });

  it("takes what is not UTF-8 for Windows-1252, and refuses what is not text", () => {
    expect(decodeText(Buffer.from("Größe – 5 €", "utf8"))).toBe("Größe – 5 €");
    expect(decodeText(Uint8Array.of(0x47, 0x72, 0xf6, 0xdf, 0x65, 0x20, 0x80))).toBe("Größe €");
    expect(() => decodeText(Buffer.from("a,b\n1,\0\n"))).toThrow("not a text");
  });
});
