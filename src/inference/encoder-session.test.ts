import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterEach, expect, test } from "vitest";
import { bundledEncoder } from "./bundled-encoder.ts";
import { defaultThreads } from "./encoder-devices.ts";
import { createEncoderSession, type EncoderSessionOptions } from "./encoder-session.ts";
import { startEncoderThread } from "./encoder-thread.ts";
import { channelMeans, divideByItself, onlyOnePatch, tinyCard } from "./tiny-encoders.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((session) => session.close()));
});

const session = async (options: EncoderSessionOptions) => {
  const created = await createEncoderSession(options);
  open.push(created);
  return created;
};

const grey = (patches: number, value: number, side = 8) => ({
  pixels: new Uint8Array(patches * side * side * 3).fill(value),
  patches,
  heightPixels: side,
  widthPixels: side,
});

test("vectors come back in order, and so does the pixel buffer that was given away", async () => {
  const { embed, provider, dims } = await session({ card: tinyCard(), model: channelMeans(), patchesPerRun: 3 });
  expect([provider, dims]).toEqual(["cpu", 3]);
  const batches = [1, 7, 32, 3].map((patches, index) => grey(patches, index * 10));
  const buffers = batches.map(({ pixels }) => pixels);
  const results = await Promise.all(batches.map(embed));
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 0, 0, 0]);
  results.forEach(({ vectors, pixels }, index) => {
    expect(pixels.byteLength).toBe((batches[index]?.patches ?? 0) * 8 * 8 * 3);
    expect(vectors).toEqual(new Float32Array((batches[index]?.patches ?? 0) * 3).fill(index * 10));
  });
});

test("one session takes regions of any size; a batch may sit in a longer buffer, or in a window of one", async () => {
  const { embed } = await session({ card: tinyCard(), model: channelMeans() });
  for (const [height, width] of [
    [8, 8],
    [31, 17],
    [8, 9],
    [64, 64],
  ] as const) {
    const pixels = new Uint8Array(3 * height * width * 3).fill(50);
    const { vectors } = await embed({ pixels, patches: 2, heightPixels: height, widthPixels: width });
    expect(vectors).toEqual(new Float32Array(6).fill(50));
  }
  const window = new Uint8Array(8 * 8 * 3 + 5).fill(60).subarray(5);
  expect((await embed({ ...grey(1, 0), pixels: window })).vectors).toEqual(new Float32Array(3).fill(60));
  expect(window.byteLength).toBe(8 * 8 * 3);
});

test("several threads share the batches and agree", async () => {
  const shared = await session({ card: tinyCard(), model: channelMeans(), threads: 2 });
  expect(shared.threads).toBe(2);
  const results = await Promise.all([10, 20, 30, 40, 50].map((value) => shared.embed(grey(4, value))));
  expect(results.map(({ vectors }) => vectors[11])).toEqual([10, 20, 30, 40, 50]);
});

test("an urgent batch waits for none that was given earlier, not even for the rest of the one under way", async () => {
  const { embed } = await session({ card: tinyCard(), model: channelMeans(), threads: 1, patchesPerRun: 1 });
  const answered: string[] = [];
  const give = async (name: string, patches: number, urgent: boolean) => {
    const { vectors } = await embed({ ...grey(patches, patches), urgent });
    expect(vectors).toEqual(new Float32Array(patches * 3).fill(patches));
    answered.push(name);
  };
  await Promise.all([
    give("first", 200, false),
    give("second", 100, false),
    give("third", 50, false),
    give("urgent", 1, true),
    give("also urgent", 2, true),
  ]);
  expect(answered).toEqual(["urgent", "also urgent", "first", "second", "third"]);
});

test("half precision arrives as the bits of the nearest half", async () => {
  const { embed } = await session({ card: tinyCard(), model: channelMeans(), precision: "float16" });
  const { vectors } = await embed(grey(2, 201));
  expect(vectors).toBeInstanceOf(Uint16Array);
  expect([...vectors]).toEqual([...new Uint16Array(Float16Array.from(new Array(6).fill(201)).buffer)]);
});

test("a vector that is not finite is NOT_FINITE with its row, and the session goes on", async () => {
  for (const precision of ["float32", "float16"] as const) {
    const { embed } = await session({ card: tinyCard(), model: divideByItself(), precision });
    const batch = grey(5, 9);
    batch.pixels.fill(0, 3 * 8 * 8 * 3, 4 * 8 * 8 * 3);
    await expect(embed(batch)).rejects.toMatchObject({ code: "NOT_FINITE", inputPath: ["vectors", "3"] });
    await expect(embed(grey(2, 9))).resolves.toBeDefined();
  }
});

test("what overflows a half is NOT_FINITE in half precision only", async () => {
  const card = tinyCard({ pixelScale: { range: [0, 100_000] } });
  const half = await session({ card, model: channelMeans(), precision: "float16" });
  await expect(half.embed(grey(1, 255))).rejects.toMatchObject({
    code: "NOT_FINITE",
    fix: expect.stringMatching(/float32/),
  });
  const single = await session({ card, model: channelMeans(), precision: "float32" });
  expect((await single.embed(grey(1, 255))).vectors[0]).toBeCloseTo(100_000, -1);
});

test("a batch that is too short or empty is BAD_ARGUMENT and keeps its buffer", async () => {
  const { embed } = await session({ card: tinyCard(), model: channelMeans() });
  const batch = grey(2, 1);
  await expect(embed({ ...batch, patches: 3 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  await expect(embed({ ...batch, patches: 0 })).rejects.toMatchObject({ code: "BAD_ARGUMENT" });
  expect(batch.pixels.byteLength).toBe(2 * 8 * 8 * 3);
});

test.each([
  ["text", Buffer.from("no model at all"), {}, "MODEL_INCOMPATIBLE"],
  ["a missing file", { file: "/nowhere/encoder.onnx" }, {}, "FILE_NOT_FOUND"],
  ["another file than the card's", channelMeans(), { digest: "f".repeat(64) }, "MODEL_INCOMPATIBLE"],
  ["a missing output", channelMeans(), { output: "other" }, "MODEL_INCOMPATIBLE"],
  [
    "dimensions known only at the first run",
    channelMeans({ outputDims: ["n", "d"] }),
    { dims: 5 },
    "DIMENSION_MISMATCH",
  ],
] as const)("%s: the session is refused with its code, a fix, and no file name", async (_, model, card, code) => {
  const refused = await createEncoderSession({ card: tinyCard(card), model }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code, fix: expect.any(String) });
  expect(String(refused)).not.toMatch(/nowhere|\.onnx/);
});

test("the digest of the card is that of the file", async () => {
  const model = channelMeans();
  const digest = createHash("sha256").update(model).digest("hex");
  await expect(session({ card: tinyCard({ digest }), model })).resolves.toMatchObject({ provider: "cpu" });
});

test("a model that fails in the runtime rejects that batch only", async () => {
  const { embed } = await session({ card: tinyCard(), model: onlyOnePatch(), patchesPerRun: 8 });
  await expect(embed(grey(2, 5))).rejects.toThrow(/Reshape/);
  expect((await embed(grey(1, 5))).vectors).toEqual(new Float32Array(3).fill(5));
});

test("a provider that is not there is skipped with its reason, and never pretended", async () => {
  const fallen = await session({ card: tinyCard(), model: channelMeans(), providers: ["cuda", "cpu"] });
  if (fallen.provider === "cpu") {
    expect(fallen.skipped).toEqual([{ provider: "cuda", reason: expect.stringMatching(/cuda/i) }]);
    await expect(
      createEncoderSession({ card: tinyCard(), model: channelMeans(), providers: ["cuda"] }),
    ).rejects.toMatchObject({
      code: "MODEL_INCOMPATIBLE",
      fix: expect.stringMatching(/cpu/),
    });
  } else {
    expect(fallen.provider).toMatch(/^cuda:0/);
  }
  await expect(createEncoderSession({ card: tinyCard(), model: channelMeans(), providers: [] })).rejects.toMatchObject({
    code: "BAD_ARGUMENT",
  });
});

test("closing ends what is under way first, and later batches are refused", async () => {
  const { embed, close } = await createEncoderSession({ card: tinyCard(), model: channelMeans() });
  const underWay = embed(grey(16, 3));
  await close();
  expect((await underWay).vectors[0]).toBe(3);
  await expect(embed(grey(1, 3))).rejects.toThrow(/closed/);
  await close();
});

test("a thread that dies rejects every batch that waits, and every later one", async () => {
  const source = `
    const { parentPort } = require("node:worker_threads");
    parentPort.on("message", () => { throw new Error("out of memory"); });
    parentPort.postMessage({ kind: "ready", ready: { provider: "cpu", skipped: [] } });`;
  const thread = await startEncoderThread(
    {
      card: tinyCard(),
      model: channelMeans(),
      providers: ["cpu"],
      threads: 1,
      precision: "float32",
      computeInHalves: false,
      stain: null,
      patchesPerRun: null,
    },
    new URL(
      `data:text/javascript,${encodeURIComponent(`import{createRequire}from"node:module";const require=createRequire("file:///");${source}`)}`,
    ),
  );
  const request = () =>
    thread.embed({ pixels: new Uint8Array(192), patches: 1, height: 8, width: 8, urgent: false, stain: null });
  const results = await Promise.allSettled([request(), request()]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await expect(request()).rejects.toThrow(/worker thread failed/);
  await thread.close();
});

test("a sweep tries no size whose pixels no batch may hold", async () => {
  const edge = 1024;
  const thread = await startEncoderThread({
    ...{ card: tinyCard({ inputPixels: edge }), model: channelMeans({ edge }), providers: ["cpu"], threads: 1 },
    ...{ precision: "float32", computeInHalves: false, stain: null, patchesPerRun: null },
  });
  // 3 MiB a patch: 32 are 96 MiB.
  const trials = await thread.sweep([1, 33], 1000);
  expect(trials.map(({ patchesPerRun }) => patchesPerRun)).toEqual([1]);
  await thread.close();
});

test("threads grow with the cores: one encoder up to eight of them", () => {
  const small = 2 ** 24;
  expect([1, 2, 8, 16, 64].map((cores) => defaultThreads(cores, small))).toEqual([
    { threads: 1, operatorThreads: 1 },
    { threads: 2, operatorThreads: 1 },
    { threads: 8, operatorThreads: 1 },
    { threads: 8, operatorThreads: 2 },
    { threads: 8, operatorThreads: 8 },
  ]);
  // Weights of 400 MB twice, of 2 GB once.
  expect(defaultThreads(16, 400 * 2 ** 20)).toEqual({ threads: 2, operatorThreads: 8 });
  expect(defaultThreads(16, 2 ** 31)).toEqual({ threads: 1, operatorThreads: 16 });
});

test("the bundled encoder gives what its ONNX file gives on normalised floats, while the caller's thread stays free", async () => {
  const { card, model } = await bundledEncoder();
  const { embed } = await session({ card, model, precision: "float32" });
  const side = card.inputPixels;
  const bytes = Uint8Array.from({ length: 2 * side * side * 3 }, (_, at) => (at * 31 + (at >> 7) * 17) % 256);

  const floats = new Float32Array(bytes.length);
  for (let patch = 0; patch < 2; patch++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let at = 0; at < side * side; at++) {
        const value = bytes[(patch * side * side + at) * 3 + channel] ?? 0;
        floats[(patch * 3 + channel) * side * side + at] = (value - 127) / 128;
      }
    }
  }
  const plain = await InferenceSession.create(await readFile(model.file));
  const { mid } = await plain.run({ input: new Tensor("float32", floats, [2, 3, side, side]) });
  await plain.release();

  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const { vectors } = await embed({ pixels: bytes, patches: 2, heightPixels: side, widthPixels: side });
  delay.disable();
  const expected = mid?.data as Float32Array;
  expect(vectors).toHaveLength(expected.length);
  expect(Math.max(...vectors.map((value, index) => Math.abs(value - (expected[index] ?? Number.NaN))))).toBeLessThan(
    1e-3,
  );
  // Other processes may delay this one; an inference on this thread would delay it at every run, far beyond.
  expect(delay.percentile(50) / 1e6).toBeLessThan(50);
});
