import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { affordableBatch, type EmbedPatchesOptions, embedPatches } from "./embed-patches.ts";
import { createEncoderSession, type EncoderSession } from "./encoder-session.ts";
import { channelMeans, divideByItself, tinyCard } from "./tiny-encoders.ts";

let session: EncoderSession;
beforeAll(async () => {
  session = await createEncoderSession({ card: tinyCard(), model: channelMeans() });
});
afterAll(() => session.close());

const side = 8;
const patch = (value: number): Uint8Array => new Uint8Array(side * side * 3).fill(value % 256);
const region = { regionWidthPixels: side, regionHeightPixels: side };

type Written = { first: number; count: number; means: number[] };

/** Runs the line with patch i of the grey i, and gives what was written. */
const line = async (options: Partial<EmbedPatchesOptions> & { patches: number }): Promise<Written[]> => {
  const written: Written[] = [];
  await embedPatches({
    readPatch: async (index) => patch(index),
    ...region,
    session,
    onBatch: async (first, count, { vectors }) => {
      written.push({ first, count, means: Array.from({ length: count }, (_, row) => vectors[row * 3] ?? Number.NaN) });
    },
    ...options,
  });
  return written;
};

test("every patch is embedded once and in order, whatever the sizes and delays", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        patches: fc.integer({ min: 0, max: 90 }),
        batchSize: fc.integer({ min: 1, max: 20 }),
        readConcurrency: fc.integer({ min: 1, max: 12 }),
        batchesInFlight: fc.integer({ min: 1, max: 5 }),
      }),
      fc.infiniteStream(fc.nat(2)),
      async (sizes, delays) => {
        const written = await line({
          ...sizes,
          readPatch: async (index, target) => {
            for (let turns = delays.next().value ?? 0; turns > 0; turns--) await nextTurn();
            // Both ways of a reader: into the batch itself, or as bytes of its own.
            return index % 2 === 0 ? target.fill(index) : patch(index);
          },
        });
        expect(written.flatMap(({ means }) => means)).toEqual(Array.from({ length: sizes.patches }, (_, i) => i));
        expect(written.map(({ first }) => first)).toEqual(
          Array.from({ length: Math.ceil(sizes.patches / sizes.batchSize) }, (_, i) => i * sizes.batchSize),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test("reading, embedding and writing overlap, and what is under way stays within its bounds", async () => {
  const [batchSize, readConcurrency, batchesInFlight, patches] = [4, 3, 3, 40];
  let [reading, mostReading, writing, writtenPatches, startedReads] = [0, 0, 0, 0, 0];
  let [readsDuringWrites, furthestAhead] = [0, 0];
  await line({
    patches,
    batchSize,
    readConcurrency,
    batchesInFlight,
    readPatch: async (index) => {
      reading += 1;
      startedReads += 1;
      mostReading = Math.max(mostReading, reading);
      readsDuringWrites += writing;
      furthestAhead = Math.max(furthestAhead, startedReads - writtenPatches);
      await sleep(2);
      reading -= 1;
      return patch(index);
    },
    onBatch: async (_, count) => {
      expect(writing).toBe(0);
      writing = 1;
      await sleep(6);
      writing = 0;
      writtenPatches += count;
    },
  });
  expect(mostReading).toBe(readConcurrency);
  expect(readsDuringWrites).toBeGreaterThan(0);
  expect(furthestAhead).toBeGreaterThan(batchSize);
  expect(furthestAhead).toBeLessThanOrEqual(batchesInFlight * batchSize);
});

test("batch buffers are reused: no more of them than batches under way", async () => {
  const seen = new Set<ArrayBufferLike>();
  let mostBytes = 0;
  const counting: EmbedPatchesOptions["session"] = {
    threads: 1,
    embed: async (batch) => {
      const embedded = await session.embed(batch);
      seen.add(embedded.pixels.buffer);
      mostBytes = Math.max(mostBytes, embedded.pixels.byteLength);
      return embedded;
    },
  };
  const targets = new Set<ArrayBufferLike>();
  await line({
    patches: 200,
    batchSize: 5,
    batchesInFlight: 2,
    session: counting,
    readPatch: async (index, target) => {
      targets.add(target.buffer);
      return target.fill(index);
    },
  });
  // A transferred buffer is a new object each time it comes back; all but the first two must be ones that came back.
  expect([...targets].filter((buffer) => !seen.has(buffer))).toHaveLength(2);
  expect(mostBytes).toBe(5 * side * side * 3);
});

test("a read that fails stops the line: what was before it is written, nothing after, and no read goes on", async () => {
  const written: number[] = [];
  let reading = 0;
  const failure = new Error("Slide S1 is corrupt at patch 21.");
  await expect(
    line({
      patches: 1000,
      batchSize: 4,
      readPatch: async (index) => {
        reading += 1;
        await sleep(1);
        reading -= 1;
        if (index === 21) throw failure;
        return patch(index);
      },
      onBatch: async (first) => {
        written.push(first);
      },
    }),
  ).rejects.toBe(failure);
  expect(reading).toBe(0);
  expect(written).toEqual(written.map((_, index) => index * 4));
  expect(written.at(-1) ?? 0).toBeLessThan(21);
});

test("a write that fails is the last one", async () => {
  const written: number[] = [];
  await expect(
    line({
      patches: 100,
      batchSize: 8,
      onBatch: async (first) => {
        written.push(first);
        if (first === 16) throw new Error("The connection was lost.");
      },
    }),
  ).rejects.toThrow("The connection was lost.");
  expect(written).toEqual([0, 8, 16]);
});

test("the signal stops the line between batches and rejects with its reason", async () => {
  const controller = new AbortController();
  const reason = new Error("The job was cancelled.");
  const written: number[] = [];
  let reading = 0;
  await expect(
    line({
      patches: 10_000,
      batchSize: 4,
      signal: controller.signal,
      readPatch: async (index) => {
        reading += 1;
        await sleep(1);
        reading -= 1;
        return patch(index);
      },
      onBatch: async (first) => {
        written.push(first);
        if (first === 12) controller.abort(reason);
      },
    }),
  ).rejects.toBe(reason);
  expect(written).toEqual([0, 4, 8, 12]);
  expect(reading).toBe(0);
});

test("a signal that was given before the start reads nothing", async () => {
  let reads = 0;
  const refused = line({
    patches: 8,
    signal: AbortSignal.abort(new Error("Too late.")),
    readPatch: async (index) => {
      reads += 1;
      return patch(index);
    },
  });
  await expect(refused).rejects.toThrow("Too late.");
  expect(reads).toBe(0);
});

test("NaN from the encoder names the patch of the slide, not of the batch", async () => {
  const broken = await createEncoderSession({ card: tinyCard(), model: divideByItself() });
  const black = line({
    patches: 30,
    batchSize: 8,
    session: broken,
    readPatch: async (index) => patch(index === 19 ? 0 : 7),
  });
  await expect(black).rejects.toMatchObject({
    code: "NOT_FINITE",
    inputPath: ["patches", "19"],
    message: expect.stringMatching(/patch 19\b/),
  });
  await broken.close();
});

test("a read of the wrong size and a batch size of zero are refused", async () => {
  await expect(line({ patches: 3, readPatch: async () => new Uint8Array(5) })).rejects.toMatchObject({
    code: "DIMENSION_MISMATCH",
  });
  await expect(line({ patches: 3, batchSize: 0 })).rejects.toMatchObject({
    code: "BAD_ARGUMENT",
    inputPath: ["batchSize"],
  });
});

test("the pixels of a batch stay within 96 MiB, whatever the size of a region, if that holds one", () => {
  const sides = fc.integer({ min: 1, max: 20_000 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1024 }), sides, sides, (wanted, widthPixels, heightPixels) => {
      const batch = affordableBatch(wanted, { widthPixels, heightPixels });
      expect(batch).toBeGreaterThanOrEqual(1);
      expect(batch).toBeLessThanOrEqual(wanted);
      if (batch > 1) expect(batch * widthPixels * heightPixels * 3).toBeLessThanOrEqual(96 * 2 ** 20);
    }),
  );
  expect(affordableBatch(64, { widthPixels: 224, heightPixels: 224 })).toBe(64);
});

test("a batch that somebody fixed is smaller, too, where regions are large", async () => {
  const written: [first: number, count: number][] = [];
  const side = 4096;
  await embedPatches({
    ...{ patches: 3, regionWidthPixels: side, regionHeightPixels: side, batchSize: 1024, batchesInFlight: 1 },
    readPatch: async (_, target) => target,
    session: {
      threads: 1,
      embed: async ({ pixels, patches }) => ({ vectors: new Float32Array(patches), pixels, ranOn: "cpu" }),
    },
    onBatch: async (first, count) => void written.push([first, count]),
  });
  // 48 MiB a region.
  expect(written).toEqual([
    [0, 2],
    [2, 1],
  ]);
});
