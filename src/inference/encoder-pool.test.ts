import { expect, test } from "vitest";
import { createEncoderPool } from "./encoder-pool.ts";
import type { EncoderThread } from "./encoder-thread.ts";

/** A thread whose device gains by larger runs, and that takes a new size only when it is let. */
const reluctantThread = (patchesPerRun: number) => {
  const gate = Promise.withResolvers<void>();
  let current = patchesPerRun;
  const thread: EncoderThread = {
    ...{ provider: "cuda:0", skipped: [], hardware: "a card", cards: 1, ranOn: "cuda:0", graphDigest: "ab", halfDifference: null },
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
