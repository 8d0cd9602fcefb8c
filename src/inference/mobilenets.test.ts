import { existsSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parseEncoderCard } from "./encoder-card.ts";
import { createEncoderSession } from "./encoder-session.ts";

const folder = path.resolve(import.meta.dirname, "../../../shared/data/weights");
const models = [
  { name: "mobilenet_v1_1.0_224_multi", outputs: { embedding: 1024, mid: 512 } },
  { name: "mobilenet_v2_1.0_224_multi", outputs: { embedding: 1280, mid: 576 } },
];
const present = existsSync(folder);
if (!present) console.log("skipped: ../shared/data/weights is not here");

const card = (output: string, dims: number) =>
  parseEncoderCard({
    key: "mobilenet",
    name: "MobileNet",
    inputPixels: 224,
    pixelScale: { range: [-1, 1] },
    input: "input",
    output,
    dims,
    licence: "Apache-2.0",
  });

const cases = models.flatMap(({ name, outputs }) =>
  Object.entries(outputs).map(([output, dims]) => ({ name, output, dims })),
);

describe.skipIf(!present)("MobileNets by card", () => {
  test.each(cases)("$name gives $output of $dims values, from regions of any size", async ({ name, output, dims }) => {
    const model = { file: path.join(folder, `${name}.onnx`) };
    const session = await createEncoderSession({ card: card(output, dims), model });
    // A smooth picture means the same at 224 and at 448 pixels, so its vectors must nearly agree.
    const gradient = (side: number) =>
      Uint8Array.from({ length: side * side * 3 }, (_, at) => (255 * (Math.floor(at / 3) % side)) / side);
    const [small, large] = await Promise.all(
      [224, 448].map((side) =>
        session.embed({ pixels: gradient(side), patches: 1, heightPixels: side, widthPixels: side }),
      ),
    );
    await session.close();
    expect(small?.vectors).toHaveLength(dims);
    expect(cosine(small?.vectors ?? [], large?.vectors ?? [])).toBeGreaterThan(0.99);
    expect(new Set(small?.vectors).size).toBeGreaterThan(dims / 4);
  });

  test("the dimensions of another output are DIMENSION_MISMATCH", async () => {
    const model = { file: path.join(folder, "mobilenet_v2_1.0_224_multi.onnx") };
    await expect(createEncoderSession({ card: card("mid", 1280), model })).rejects.toMatchObject({
      code: "DIMENSION_MISMATCH",
      fix: expect.stringMatching(/576/),
    });
  });
});

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number =>
    Array.from(x).reduce((sum, value, index) => sum + value * (y[index] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
};
