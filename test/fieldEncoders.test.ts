import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { type EncoderCard, parseEncoderCard } from "../src/inference/encoder-card.ts";
import { createEncoderSession } from "../src/inference/encoder-session.ts";
import { filledByFormula, pictureByFormula } from "./support/formulaWeights.ts";
import { createWorld, seedStudy, type World } from "./support/world.ts";

/**
 * The encoders of the field as `tools/encoders/export.py` writes them: their true graphs, with weights by formula, must
 * give in our pipeline what PyTorch gives, from bytes to pooled vector. `tools/encoders/write_fixtures.py` wrote
 * `test/encoders`.
 */

const root = resolve(import.meta.dirname, "..");
const cardFolder = join(root, "encoders/cards");
const readCard = (key: string): EncoderCard =>
  parseEncoderCard(JSON.parse(readFileSync(join(cardFolder, `${key}.json`), "utf8")));

type Reference = { graph: string; shape: [patches: number, dims: number]; float32: string };
const reference = JSON.parse(readFileSync(join(import.meta.dirname, "encoders/pytorch.json"), "utf8")) as {
  seed: number;
  pictures: string[];
  vectors: Record<string, Reference>;
};

const vectorsOf = ({ float32 }: Reference): Float32Array => {
  const bytes = Buffer.from(float32, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
};

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Largest difference as a share of the largest value of the vectors that are expected. */
const farApart = (got: ArrayLike<number>, expected: ArrayLike<number>): number =>
  largest(Array.from(expected, (value, index) => value - (got[index] ?? Number.NaN))) / largest(expected);

const TOLERANCE = 1e-4;

const embed = async (card: EncoderCard, model: Uint8Array): Promise<Float32Array> => {
  const session = await createEncoderSession({ card, model, threads: 1, precision: "float32" });
  try {
    const side = card.inputPixels;
    const pixels = Buffer.concat(reference.pictures.map((name) => pictureByFormula(name, side)));
    const batch = { pixels, patches: reference.pictures.length, heightPixels: side, widthPixels: side };
    return Float32Array.from((await session.embed(batch)).vectors);
  } finally {
    await session.close();
  }
};

const graphs = [...new Set(Object.values(reference.vectors).map(({ graph }) => graph))];

describe.each(graphs)("%s with weights by formula", (graph) => {
  let model: Uint8Array;
  beforeAll(() => {
    model = filledByFormula(readFileSync(join(import.meta.dirname, "encoders", graph)), reference.seed);
  });
  const cards = Object.entries(reference.vectors).filter(([, vector]) => vector.graph === graph);

  test.each(cards)("by the card %s: PyTorch's vectors to 1e-4 of their largest value", async (key, vector) => {
    const card = readCard(key);
    const expected = vectorsOf(vector);
    const [patches, dims] = vector.shape;
    expect(card.dims).toBe(dims);
    // Were the pictures' vectors alike, anything could pass.
    expect(farApart(expected.subarray(0, dims), expected.subarray(dims))).toBeGreaterThan(100 * TOLERANCE);
    const got = await embed(card, model);
    expect(got).toHaveLength(patches * dims);
    expect(farApart(got, expected)).toBeLessThanOrEqual(TOLERANCE);
  });

  it("gives something else under another pixel scale", async () => {
    const [first] = cards;
    if (!first) throw new Error("No card names this graph.");
    const card = { ...readCard(first[0]), pixelScale: { range: [-1, 1.2] as [number, number] } };
    expect(farApart(await embed(card, model), vectorsOf(first[1]))).toBeGreaterThan(10 * TOLERANCE);
  });
});

describe("an encoder of the field in a study", () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await seedStudy(world, 1);
  });
  afterAll(() => world.close());

  it("is registered by its file and card, and embeds slides", async () => {
    const model = filledByFormula(readFileSync(join(import.meta.dirname, "encoders/vit-s16.onnx")), reference.seed);
    await writeFile(join(world.folder, "vit-s16.onnx"), model);
    const digest = createHash("sha256").update(model).digest("hex");
    const { key, name, dims, ...card } = { ...readCard("vit-s16-mean"), digest };
    const { registerEncoder } = await world.ask<{ registerEncoder: { errors: unknown[] } }>(
      "mutation($input: RegisterEncoderInput!) { registerEncoder(input: $input) { encoder { dims model { output pooling } } errors { code message } } }",
      { input: { key, name, dims, card, path: "vit-s16.onnx" } },
    );
    expect(registerEncoder).toEqual({
      encoder: { dims: 384, model: { output: "tokens", pooling: "mean-token" } },
      errors: [],
    });
    const { embedSlides } = await world.ask<{ embedSlides: { job: { id: string }; errors: unknown[] } }>(
      `mutation($encoder: String!) { embedSlides(input: {slides: {studyKey: "glioma"}, encoderKey: $encoder,
        featureSetKey: "vit", grid: {minTissue: 0.1}}) { job { id } errors { code } } }`,
      { encoder: key },
    );
    expect(await world.jobEnd(embedSlides.job.id)).toBe("SUCCEEDED");
    const { featureSet } = await world.ask<{ featureSet: { dims: number; vectors: number } }>(
      '{ featureSet(studyKey: "glioma", key: "vit") { dims vectors } }',
    );
    const { patches } = await world.app.prisma.patchGrid.findFirstOrThrow();
    expect(featureSet).toEqual({ dims: 384, vectors: patches });
  });
});

describe("the cards of encoders whose weights do not come along", () => {
  const keys = readdirSync(cardFolder).map((file) => file.replace(/\.json$/, ""));

  test.each(keys)(
    "%s is valid, without a digest, and tells its licence, citation, origin and export command",
    (key) => {
      const card = readCard(key);
      expect(card.key).toBe(key);
      expect(card.digest).toBeUndefined();
      expect(card.citation).toMatch(/\w/);
      const [, encoder] =
        /Made by: python tools\/encoders\/export\.py (\S+) --weights \S+/.exec(card.origin ?? "") ?? [];
      const catalogue = readFileSync(join(root, "tools/encoders/catalogue.py"), "utf8");
      expect(catalogue).toContain(`"${encoder}": Encoder(`);
      expect(catalogue).toContain(`"${key}"`);
    },
  );

  it.each(keys)("%s is made by a command of the scripts' page", (key) => {
    const [, command] = /Made by: (python .+)$/.exec(readCard(key).origin ?? "") ?? [];
    expect(readFileSync(join(root, "tools/encoders/README.md"), "utf8")).toContain(`${command} --out models\n`);
  });

  it("CLAM's ResNet50 is made of the weights that CLAM takes, torchvision's first and not its second", () => {
    expect(readCard("resnet50-layer3").origin).toMatch(/--weights resnet50-0676ba61\.pth$/);
  });

  // So that a mean, for whoever turns to it, leaves the registers out.
  it.each([
    ["h-optimus-0", 4],
    ["uni2-h", 8],
    ["virchow2-cls", 4],
    ["uni", 0],
  ])("%s has its class token and %i registers in front", (key, registers) => {
    expect(readCard(key).prefixTokens).toBe(1 + registers);
  });

  it("stand in the document, each with its licence", () => {
    const page = readFileSync(join(root, "docs/encoders.md"), "utf8");
    const rows = new Map([...page.matchAll(/^\| `([\w.-]+)` \|.*$/gm)].map(([row, key]) => [key, row]));
    expect([...rows.keys()].sort()).toEqual([...keys].sort());
    for (const key of keys) {
      const { dims, licence, micronsPerPixel } = readCard(key);
      const cells =
        rows
          .get(key)
          ?.split("|")
          .map((cell) => cell.trim()) ?? [];
      expect(cells).toContain(String(dims));
      expect(cells).toContain(micronsPerPixel === null ? "any" : String(micronsPerPixel));
      expect(licence.startsWith(cells.at(-2) ?? "nothing")).toBe(true);
    }
  });
});
