import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { isOutOfMemory } from "../onnx/memory-refusals.ts";
import { createBatchMemory } from "./batch-memory.ts";
import { createEncoderSession, type EncoderSessionOptions } from "./encoder-session.ts";
import { hungry, onlyOnePatch, tinyCard } from "./tiny-encoders.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const session = async (options: Partial<EncoderSessionOptions>) => {
  const created = await createEncoderSession({ card: tinyCard(), model: hungry(1000), operatorThreads: 1, ...options });
  closing.push(created.close);
  return created;
};

const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "histoql-memory-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

const white = (patches: number) => ({
  pixels: new Uint8Array(patches * 8 * 8 * 3).fill(250),
  patches,
  heightPixels: 8,
  widthPixels: 8,
});

/** Waits for what nobody waits for. */
const eventually = async (check: () => Promise<void>): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    try {
      await check();
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await new Promise((wake) => setTimeout(wake, 20));
    }
  }
};

// Four white patches are one too many for this encoder: the runtime itself refuses what they ask for.
test("a run that memory refuses is halved until it fits, told once, and kept for next time", async () => {
  const folder = await temporaryFolder();
  const reduced: unknown[] = [];
  const options = {
    threads: 1,
    patchesPerRun: 16,
    batchMemory: createBatchMemory(folder),
    onLessMemory: (what: unknown) => reduced.push(what),
  };
  const first = await session(options);
  const { vectors } = await first.embed(white(40));
  expect(vectors).toEqual(new Float32Array(120).fill(250));
  await first.embed(white(40));
  expect(reduced).toEqual([{ device: "cpu", from: 16, to: 2 }]);
  expect(first.devices()).toEqual([{ device: "cpu", hardware: expect.any(String), patchesPerRun: 2 }]);
  await eventually(async () => {
    const [file = ""] = await readdir(folder);
    expect(JSON.parse(await readFile(join(folder, file), "utf8"))).toMatchObject({ patchesPerRun: 2, ranOn: "cpu" });
  });

  const { patchesPerRun, ...unfixed } = options;
  const next = await session(unfixed);
  await next.tune();
  expect(next.devices()).toMatchObject([{ patchesPerRun: 2 }]);
  await next.embed(white(40));
  expect(reduced).toHaveLength(1);
});

test("threads of one device learn from the one that was refused", async () => {
  const shared = await session({ threads: 2, patchesPerRun: 16 });
  const results = await Promise.all([16, 16, 16, 16].map((patches) => shared.embed(white(patches))));
  expect(results.map(({ vectors }) => vectors.every((value) => value === 250))).toEqual([true, true, true, true]);
  expect(shared.devices()).toMatchObject([{ patchesPerRun: 2 }]);
});

test("who waits beside a run that memory refuses gets an answer", async () => {
  const { embed } = await session({ threads: 1, patchesPerRun: 16 });
  const urgent = Array.from({ length: 6 }, (_, more) => ({ ...white(1 + 3 * more), urgent: true }));
  const results = await Promise.all([white(40), ...urgent].map(embed));
  expect(results.map(({ vectors }) => vectors.every((value) => value === 250))).toEqual(Array(7).fill(true));
});

test("memory that does not suffice for one patch is LIMIT_EXCEEDED, and the session goes on", async () => {
  const { embed } = await session({ model: hungry(200), threads: 1, patchesPerRun: 4 });
  await expect(embed(white(8))).rejects.toMatchObject({
    code: "LIMIT_EXCEEDED",
    message: expect.stringMatching(/cpu/),
    fix: expect.stringMatching(/HISTOQL_DEVICES/),
  });
  const dark = white(2);
  dark.pixels.fill(20);
  expect((await embed(dark)).vectors).toEqual(new Float32Array(6).fill(20));
});

test("another failure is not taken for one of memory", async () => {
  const { embed, devices } = await session({ model: onlyOnePatch(), threads: 1, patchesPerRun: 8 });
  await expect(embed(white(8))).rejects.toThrow(/Reshape/);
  expect(devices()).toMatchObject([{ patchesPerRun: 8 }]);
});

test("what the devices say for want of memory is recognised", () => {
  const said = [
    // Seen on CPU and WebGPU.
    "bfc_arena.cc:360 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to allocate memory for requested buffer of size 536870912",
    "numbers_storage_buffers_ <= limits_.maxStorageBuffersPerShaderStage was false. Too many storage buffers in shader. Current: 18, Max is 16",
    // Of ONNX Runtime's and the drivers' sources.
    "CUDA failure 2: out of memory ; GPU=0 ; hostname=host ; expr=cudaMalloc((void**)&p, size);",
    "CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0",
    "CUDNN_STATUS_ALLOC_FAILED",
    "vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY",
    "std::bad_alloc",
  ];
  expect(said.filter((message) => !isOutOfMemory(new Error(message)))).toEqual([]);
  for (const message of ["CUDA failure 700: an illegal memory access was encountered", "Non-zero status code", ""]) {
    expect(isOutOfMemory(new Error(message))).toBe(false);
  }
});

const canLimit = (() => {
  try {
    execFileSync("prlimit", ["--version"], { stdio: "ignore" });
    return process.platform === "linux";
  } catch {
    return false;
  }
})();
if (!canLimit) console.log("skipped: a process's memory can be limited on Linux with prlimit only");

test.skipIf(!canLimit)("a process whose memory really ends embeds every patch, in smaller runs", async () => {
  // 64 MiB a patch and 1 GiB a run, where 400 MiB are left.
  const { stdout } = await promisify(execFile)(process.execPath, [
    join(import.meta.dirname, "memory.testkit.ts"),
    ...["cpu", "400", "262144", "16"],
  ]);
  const { vectors, wrong, reduced } = JSON.parse(stdout);
  expect({ vectors, wrong }).toEqual({ vectors: 16, wrong: 0 });
  expect(reduced).toEqual([{ device: "cpu", from: 16, to: expect.any(Number) }]);
  expect([1, 2, 4, 8]).toContain(reduced[0].to);
});
