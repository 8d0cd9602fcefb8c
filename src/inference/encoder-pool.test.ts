import { expect, test } from "vitest";
import type { Device } from "../onnx/providers.ts";
import { HistoError } from "../platform/errors.ts";
import { createEncoderPool } from "./encoder-pool.ts";
import type { EncoderThread } from "./encoder-thread.ts";

/** A thread whose device gains by larger runs, and that takes a new size only when it is let. */
const reluctantThread = (patchesPerRun: number) => {
  const gate = Promise.withResolvers<void>();
  let current = patchesPerRun;
  const thread: EncoderThread = {
    ...{
      provider: "cuda:0",
      skipped: [],
      hardware: "a card",
      cards: 1,
      ranOn: "cuda:0",
      graphDigest: "ab",
      halfDifference: null,
    },
    ...{ runtime: "1.30.0", patchesPerRun, pending: () => 0, close: async () => {} },
    embed: async ({ pixels, patches }) => ({
      ...{ vectors: new Float32Array(patches), pixels, ranOn: "cuda:0" },
      patchesPerRun: current,
    }),
    sweep: async (sizes) => sizes.map((size) => ({ patchesPerRun: size, patchesPerSecond: size })),
    setPatchesPerRun: async (patches) => {
      await gate.promise;
      current = patches;
    },
  };
  return { thread, let: gate.resolve };
};

test.each([2, 1000])("a size that is changed from %s meanwhile is not taken for a refusal", async (before) => {
  const { thread, let: letIt } = reluctantThread(before);
  const [reduced, kept]: unknown[][] = [[], []];
  const pool = createEncoderPool([{ device: "cuda:0", threads: [thread] }], {
    operatorThreads: 1,
    batchMemory: { recall: async () => null, remember: async (_, found) => void kept?.push(found) },
    onLessMemory: (what) => reduced?.push(what),
  });
  const embed = () =>
    pool.embed({ pixels: new Uint8Array(3), patches: 1, height: 1, width: 1, stain: null, urgent: true });
  const tuning = pool.tune();
  await new Promise((wake) => setTimeout(wake, 5));
  await embed();
  letIt();
  await tuning;
  await embed();
  expect(reduced).toEqual([]);
  expect(kept).toEqual([{ patchesPerRun: 256, patchesPerSecond: 256 }]);
  expect(pool.devices()).toMatchObject([{ patchesPerRun: 256 }]);
});

/** A card that can fall off the bus: from then on it refuses everything at once. */
const fallingCard = (device: Device) => {
  let isGone = false;
  const answered: number[] = [];
  const refuse = () => Promise.reject(new Error("CUDA failure 719: unspecified launch failure ; /build/file.cc"));
  const thread: EncoderThread = {
    ...{
      provider: device,
      skipped: [],
      hardware: "a card",
      cards: 2,
      ranOn: device,
      graphDigest: "ab",
      halfDifference: null,
    },
    ...{ runtime: "1.30.0", patchesPerRun: 8, pending: () => 0, close: async () => {} },
    embed: async ({ pixels, patches }) => {
      if (isGone) return refuse();
      answered.push(patches);
      await new Promise((wake) => setTimeout(wake, 2));
      return { vectors: new Float32Array(patches), pixels, ranOn: device, patchesPerRun: 8 };
    },
    sweep: async (sizes) =>
      isGone ? refuse() : sizes.map((patchesPerRun) => ({ patchesPerRun, patchesPerSecond: 1 })),
    setPatchesPerRun: async () => {},
  };
  const fall = () => {
    isGone = true;
  };
  return { thread, answered, fall };
};

const batch = (patches = 1) => ({
  ...{ pixels: new Uint8Array(3 * patches), patches, height: 1, width: 1, stain: null, urgent: false },
});

test("a card that falls off gets no further batch, is told once, and the other goes on", async () => {
  const [first, second] = [fallingCard("cuda:0"), fallingCard("cuda:1")];
  const lost: unknown[] = [];
  const devices = [first, second].map(({ thread }) => ({ device: thread.provider, threads: [thread] }));
  const pool = createEncoderPool(devices, { operatorThreads: 1, onDeviceLost: (what) => lost.push(what) });
  await Promise.all([pool.embed(batch()), pool.embed(batch())]);
  first.fall();
  // Those under way fail; their jobs come again.
  const results = await Promise.allSettled([1, 2, 3, 4].map(() => pool.embed(batch())));
  expect(results.some(({ status }) => status === "rejected")).toBe(true);
  for (let again = 0; again < 8; again++) expect((await pool.embed(batch())).ranOn).toBe("cuda:1");
  expect(lost).toEqual([{ device: "cuda:0", reason: "CUDA failure 719: unspecified launch failure ;" }]);
  expect([pool.isLost(), pool.devices().map(({ device }) => device)]).toEqual([false, ["cuda:1"]]);
  second.fall();
  await expect(pool.embed(batch())).rejects.toThrow(/719/);
  expect([pool.isLost(), pool.devices(), lost.length]).toEqual([true, [], 2]);
});

test("a card that fails while its size is measured is given up as well, and the others are measured", async () => {
  const [first, second] = [fallingCard("cuda:0"), fallingCard("cuda:1")];
  const pool = createEncoderPool(
    [first, second].map(({ thread }) => ({ device: thread.provider, threads: [thread] })),
    { operatorThreads: 1, batchMemory: { recall: async () => null, remember: async () => {} } },
  );
  first.fall();
  await expect(pool.tune()).rejects.toThrow(/719/);
  await pool.tune();
  expect(pool.devices().map(({ device }) => device)).toEqual(["cuda:1"]);
});

test("what is wrong with a batch costs no device, nor does the end of the session", async () => {
  const card = fallingCard("cuda:0");
  const refusals = [new Error("Reshape"), new HistoError("NOT_FINITE", "patch 0 of a batch")];
  const thread = { ...card.thread, embed: () => Promise.reject(refusals.shift() ?? new Error("closed")) };
  const lost: unknown[] = [];
  const pool = createEncoderPool([{ device: "cuda:0", threads: [thread] }], {
    ...{ operatorThreads: 1, onDeviceLost: (what) => lost.push(what) },
  });
  await expect(pool.embed(batch())).rejects.toThrow("Reshape");
  await expect(pool.embed(batch())).rejects.toMatchObject({ code: "NOT_FINITE" });
  await pool.close();
  card.fall();
  await expect(pool.embed(batch())).rejects.toThrow("closed");
  expect([pool.isLost(), lost]).toEqual([false, []]);
});
