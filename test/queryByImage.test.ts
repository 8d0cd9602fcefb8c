import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tissueTiff, writeTissue } from "./support/files.ts";
import { createWorld, type World } from "./support/world.ts";

/** Asking with a picture: what was cut out of a slide finds the place that it was cut out of. */

const weights = join(import.meta.dirname, "../../shared/data/weights");
const hasWeights = existsSync(weights);
if (!hasWeights) console.log("The MobileNets are not tried: ../shared/data/weights is not here.");

let world: World;
let tiff: Buffer;

type Hit = { distance: number; patch: { x: number; y: number; slide: { key: string } } };

const embed = async (encoderKey: string, featureSetKey: string): Promise<string> => {
  const { embedSlides } = await world.ask<{
    embedSlides: { featureSet: { id: string }; job: { id: string }; errors: unknown[] };
  }>(
    'mutation($encoder: String!, $key: String!) { embedSlides(input: {slides: {studyKey: "study"}, encoderKey: $encoder, featureSetKey: $key}) { featureSet { id } job { id } errors { code message } } }',
    { encoder: encoderKey, key: featureSetKey },
  );
  expect(embedSlides.errors).toEqual([]);
  expect(await world.jobEnd(embedSlides.job.id)).toBe("SUCCEEDED");
  return embedSlides.featureSet.id;
};

const nearest = async (featureSet: string, png: Buffer, micronsPerPixel: number): Promise<Hit[]> => {
  const { similarPatches } = await world.ask<{ similarPatches: { hits: Hit[]; search: object } }>(
    "query($input: SimilarPatchesInput!) { similarPatches(input: $input) { hits { distance patch { x y slide { key } } } search { strategy matches scanned isComplete recallBasis } } }",
    { input: { featureSet, to: { image: { data: png.toString("base64"), micronsPerPixel } }, first: 3 } },
  );
  expect(similarPatches.search).toEqual({
    strategy: "EXACT",
    matches: 32,
    scanned: 32,
    isComplete: true,
    recallBasis: "EXACT",
  });
  return similarPatches.hits;
};

const PLACES = [
  { x: 0, y: 0 },
  { x: 448, y: 224 },
  { x: 672, y: 672 },
];
const cut = ({ x, y }: { x: number; y: number }) => sharp(tiff).extract({ left: x, top: y, width: 224, height: 224 });

const found = ({ x, y }: { x: number; y: number }) => ({ x, y, slide: { key: "a" } });

beforeAll(async () => {
  world = await createWorld({ roots: hasWeights ? [weights] : [] });
  tiff = await tissueTiff({ seed: 1 });
  await writeFile(join(world.folder, "a.tif"), tiff);
  await writeTissue(join(world.folder, "b.tif"), { seed: 2 });
  await world.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
  await world.ask(
    'mutation { registerSlides(input: {studyKey: "study", paths: ["a.tif", "b.tif"]}) { errors { code } } }',
  );
});
afterAll(() => world.close());

describe("with the bundled encoder", () => {
  let featureSet: string;
  beforeAll(async () => {
    featureSet = await embed("efficientnet-lite0", "cnn");
  });

  it.each(PLACES)("the patch at $x, $y finds itself", async (place) => {
    const hits = await nearest(featureSet, await cut(place).png().toBuffer(), 0.5);
    expect(hits[0]?.patch).toEqual(found(place));
    // The slide's reader and this one may decode a JPEG tile a level apart; the store holds half precision.
    expect(hits[0]?.distance).toBeLessThan(0.002);
    expect(hits[1]?.distance).toBeGreaterThan(5 * (hits[0]?.distance ?? 1));
  });

  it.each(PLACES)("the patch at $x, $y, scanned twice as fine, finds itself", async (place) => {
    const fine = await sharp(await cut(place).png().toBuffer())
      .resize(448, 448, { kernel: "cubic" })
      .png()
      .toBuffer();
    const hits = await nearest(featureSet, fine, 0.25);
    expect(hits[0]?.patch).toEqual(found(place));
    expect(hits[0]?.distance).toBeLessThan(0.02);
  });

  it("of a larger picture the middle is asked for", async () => {
    const around = sharp(tiff).extract({ left: 348, top: 124, width: 424, height: 424 });
    const hits = await nearest(featureSet, await around.png().toBuffer(), 0.5);
    expect(hits[0]?.patch).toEqual(found({ x: 448, y: 224 }));
  });

  it("a wrong resolution does not find it so well", async () => {
    const fine = await sharp(await cut({ x: 448, y: 224 }).toBuffer())
      .resize(448, 448)
      .png()
      .toBuffer();
    const [right] = await nearest(featureSet, fine, 0.25);
    const [wrong] = await nearest(featureSet, fine, 0.5);
    expect(wrong?.distance).toBeGreaterThan(2 * (right?.distance ?? 1));
  });
});

describe("while slides are embedded", () => {
  const BATCH = 256;
  let busy: World;
  beforeAll(async () => {
    busy = await createWorld({ config: { batchSize: BATCH } });
    for (const seed of [1, 2]) await writeTissue(join(busy.folder, `${seed}.tif`), { seed, edgePixels: 6720 });
    await busy.ask('mutation { createStudy(input: {key: "study", name: "Study"}) { study { id } } }');
    await busy.ask(
      'mutation { registerSlides(input: {studyKey: "study", paths: ["1.tif", "2.tif"]}) { errors { code } } }',
    );
  });
  afterAll(() => busy.close());

  it("a query is answered sooner than a batch is embedded", async () => {
    const { embedSlides } = await busy.ask<{ embedSlides: { featureSet: { id: string }; job: { id: string } } }>(
      'mutation { embedSlides(input: {slides: {studyKey: "study"}, encoderKey: "efficientnet-lite0", featureSetKey: "cnn"}) { featureSet { id } job { id } } }',
    );
    const picture = (await cut({ x: 448, y: 224 }).png().toBuffer()).toString("base64");
    const input = {
      featureSet: embedSlides.featureSet.id,
      to: { image: { data: picture, micronsPerPixel: 0.5 } },
      first: 1,
    };
    const progress = async () => {
      const { job } = await busy.ask<{ job: { state: string } }>("query($id: ID!) { job(id: $id) { state } }", {
        id: embedSlides.job.id,
      });
      const { rows } = await busy.app.database.query<{ done: number }>(
        "SELECT coalesce(sum(vectors), 0) AS done FROM slide_features",
      );
      return { state: job.state, done: rows[0]?.done ?? 0, at: performance.now() };
    };
    const waits: number[] = [];
    const seen = [await progress()];
    while (["QUEUED", "RUNNING"].includes(seen.at(-1)?.state ?? "")) {
      const asked = performance.now();
      await busy.ask("query($input: SimilarPatchesInput!) { similarPatches(input: $input) { hits { distance } } }", {
        input,
      });
      waits.push(performance.now() - asked);
      seen.push(await progress());
    }
    expect(seen.at(-1)).toMatchObject({ state: "SUCCEEDED", done: 1800 });
    // Of those times in which batches were embedded.
    const working = seen.filter(({ done }) => done > 0 && done < 1800);
    const [from, to] = [working[0], working.at(-1)];
    if (!from || !to) throw new Error("The slides were embedded before anything was asked.");
    const msPerBatch = (BATCH * (to.at - from.at)) / (to.done - from.done);
    const ascending = waits.toSorted((a, b) => a - b);
    const longest = ascending.at(-1) ?? 0;
    const nine = ascending[Math.floor(ascending.length * 0.9)] ?? 0;
    console.log(
      `${waits.length} queries beside the embedding: nine in ten took less than ${Math.round(nine)} ms, the longest ${Math.round(longest)} ms, a batch ${Math.round(msPerBatch)} ms.`,
    );
    expect(waits.length).toBeGreaterThan(5);
    // One may meet a busy machine's pause as well; none waits for a slide of 900 patches.
    expect(nine).toBeLessThan(msPerBatch);
    expect(longest).toBeLessThan((msPerBatch * 900) / BATCH);
  });
});

describe.skipIf(!hasWeights)("with an encoder that was registered by its card", () => {
  const cases = [
    { file: "mobilenet_v1_1.0_224_multi.onnx", output: "embedding", dims: 1024 },
    { file: "mobilenet_v1_1.0_224_multi.onnx", output: "mid", dims: 512 },
    { file: "mobilenet_v2_1.0_224_multi.onnx", output: "embedding", dims: 1280 },
    { file: "mobilenet_v2_1.0_224_multi.onnx", output: "mid", dims: 576 },
  ];
  const register = async (key: string, file: string, output: string, dims: number, cardDims = dims) => {
    const { registerEncoder } = await world.ask<{ registerEncoder: { encoder: object | null; errors: object[] } }>(
      "mutation($input: RegisterEncoderInput!) { registerEncoder(input: $input) { encoder { key dims inputPixels model { output } } errors { code path } } }",
      {
        input: {
          key,
          name: key,
          dims,
          path: file,
          licence: "Apache-2.0",
          card: { inputPixels: 224, pixelScale: { range: [-1, 1] }, input: "input", output, dims: cardDims },
        },
      },
    );
    return registerEncoder;
  };

  it.each(cases)("$file, $output", async ({ file, output, dims }) => {
    const key = `${file.slice(0, 12).replaceAll("_", "-")}-${output}`;
    const expected = { key, dims, inputPixels: 224, model: { output } };
    expect(await register(key, file, output, dims)).toEqual({ encoder: expected, errors: [] });
    expect(await register(key, file, output, dims)).toEqual({ encoder: expected, errors: [] });
    const featureSet = await embed(key, key);
    const place = { x: 448, y: 224 };
    const hits = await nearest(featureSet, await cut(place).png().toBuffer(), 0.5);
    expect(hits[0]?.patch).toEqual(found(place));
    expect(hits[0]?.distance).toBeLessThan(0.002);
  });

  it.each([
    ["another length than the output has", "embedding", 512, 512, "DIMENSION_MISMATCH"],
    ["another length than the card says", "embedding", 1024, 512, "DIMENSION_MISMATCH"],
    ["an output that the model has not", "features", 1024, 1024, "MODEL_INCOMPATIBLE"],
  ])("is refused with %s", async (_what, output, dims, cardDims, code) => {
    const before = await world.ask<{ encoders: unknown[] }>("{ encoders { key } }");
    const answer = await register("wrong", "mobilenet_v1_1.0_224_multi.onnx", output, dims, cardDims);
    expect(answer).toMatchObject({ encoder: null, errors: [{ code }] });
    expect(await world.ask("{ encoders { key } }")).toEqual(before);
  });

  it("is refused under the key of another", async () => {
    const answer = await register("efficientnet-lite0", "mobilenet_v1_1.0_224_multi.onnx", "mid", 512);
    expect(answer).toMatchObject({ encoder: null, errors: [{ code: "CONFLICT", path: ["key"] }] });
  });
});
