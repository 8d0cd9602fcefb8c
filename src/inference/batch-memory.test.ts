import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BatchMemory, type BatchPlace, createBatchMemory } from "./batch-memory.ts";
import { createEncoderSession } from "./encoder-session.ts";
import { channelMeans, tinyCard } from "./tiny-encoders.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "histoql-batches-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const place: BatchPlace = {
  hardware: "a card",
  ranOn: "cuda:0",
  threads: 1,
  operatorThreads: 2,
  graphDigest: "ab",
  runtime: "1.30.0",
};

test("a size holds for its device, graph and runtime alone, and the last one counts", async () => {
  const memory = createBatchMemory(join(folder, "new", "folder"));
  expect(await memory.recall(place)).toBeNull();
  await memory.remember(place, { patchesPerRun: 128, patchesPerSecond: 900 });
  await memory.remember(place, { patchesPerRun: 64, patchesPerSecond: null });
  expect(await memory.recall({ ...place })).toEqual({ patchesPerRun: 64, patchesPerSecond: null });
  for (const change of [{ ranOn: "cuda:0/float16" }, { graphDigest: "ac" }, { runtime: "1.31.0" }, { hardware: "b" }]) {
    expect(await memory.recall({ ...place, ...change })).toBeNull();
  }
});

test("a size that memory forced is measured again after a day, one that was measured holds", async () => {
  const own = join(folder, "forced");
  const memory = createBatchMemory(own);
  for (const [patchesPerSecond, expected] of [
    [900, { patchesPerRun: 8, patchesPerSecond: 900 }],
    [null, null],
  ] as const) {
    await memory.remember(place, { patchesPerRun: 8, patchesPerSecond });
    const [file = ""] = await readdir(own);
    const longAgo = new Date(Date.now() - 25 * 3_600_000);
    await utimes(join(own, file), longAgo, longAgo);
    expect(await memory.recall(place)).toEqual(expected);
  }
});

test("a file that is damaged is as good as none", async () => {
  const own = join(folder, "damaged");
  const memory = createBatchMemory(own);
  await memory.remember(place, { patchesPerRun: 128, patchesPerSecond: 900 });
  const [file = ""] = await readdir(own);
  await writeFile(join(own, file), '{"patchesPerRun": 0}');
  expect(await memory.recall(place)).toBeNull();
  await writeFile(join(own, file), '{"patc');
  expect(await memory.recall(place)).toBeNull();
});

test("a session measures its device once, keeps what it found, and the next one need not measure", async () => {
  const own = createBatchMemory(join(folder, "own"));
  const written: unknown[] = [];
  const counting: BatchMemory = {
    recall: own.recall,
    remember: async (where, found) => {
      written.push(found);
      await own.remember(where, found);
    },
  };
  const open = () =>
    createEncoderSession({
      card: tinyCard(),
      model: channelMeans(),
      threads: 2,
      operatorThreads: 1,
      batchMemory: counting,
    });
  const first = await open();
  const pixels = new Uint8Array(8 * 8 * 3 * 5).fill(7);
  await Promise.all([first.tune(), first.tune()]);
  expect(written).toEqual([{ patchesPerRun: first.devices()[0]?.patchesPerRun, patchesPerSecond: expect.any(Number) }]);
  expect([1, 2, 4, 8, 16]).toContain(first.devices()[0]?.patchesPerRun);
  const { vectors, ranOn } = await first.embed({ pixels, patches: 5, heightPixels: 8, widthPixels: 8 });
  expect([vectors, ranOn]).toEqual([new Float32Array(15).fill(7), "cpu"]);
  await first.close();

  const second = await open();
  await second.tune();
  expect(second.devices()).toEqual(first.devices());
  expect(written).toHaveLength(1);
  await second.close();

  const fixed = await createEncoderSession({
    card: tinyCard(),
    model: channelMeans(),
    threads: 1,
    patchesPerRun: 3,
    batchMemory: counting,
  });
  await fixed.tune();
  expect(fixed.devices()).toMatchObject([{ device: "cpu", patchesPerRun: 3 }]);
  expect(written).toHaveLength(1);
  await fixed.close();
});

test("a size that cannot be kept is used all the same", async () => {
  const file = join(folder, "no folder");
  await writeFile(file, "");
  const session = await createEncoderSession({
    ...{ card: tinyCard(), model: channelMeans(), threads: 1, operatorThreads: 1 },
    batchMemory: createBatchMemory(join(file, "batches")),
  });
  await session.tune();
  expect([1, 2, 4, 8, 16]).toContain(session.devices()[0]?.patchesPerRun);
  await session.close();
});
