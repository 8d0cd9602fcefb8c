/**
 * One bag scored by a gated attention head (512, attention 256), in a process of its own so that its peak memory is its own.
 * `milScore.ts FILE PATCHES DIMS`: half-precision rows from a file, or "-" for rows that are in memory already. Prints JSON.
 */
import { open } from "node:fs/promises";
import { availableParallelism } from "node:os";
import {
  type BagRows,
  createScorer,
  headWithDefaults,
  initialParameters,
  type MilBag,
} from "../src/learning/mil/index.ts";

const [file = "-", patchesText = "100000", dimsText = "1024"] = process.argv.slice(2);
const patches = Number(patchesText);
const dims = Number(dimsText);
const head = headWithDefaults({
  architecture: "GATED_ABMIL",
  task: { kind: "SURVIVAL", likelihood: "COX" },
  dims,
  hidden: 512,
});
const handle = file === "-" ? null : await open(file);

/** Some values between −2 and 2, again and again. */
const repeated = handle
  ? null
  : Uint16Array.from({ length: 8192 * dims }, (_, i) => ((i * 7919) % 0x4000) | ((i & 1) << 15));

/** A bag of the first `size` rows. */
const bagOf = (size: number): MilBag => ({
  key: `${size}`,
  patient: "",
  patches: size,
  read: (rows) => read(rows, size),
});

const read = async (rows: Uint32Array | null, size: number): Promise<BagRows> => {
  const count = rows?.length ?? size;
  if (!handle) return { vectors: (repeated as Uint16Array).subarray(0, count * dims) };
  const bytes = new Uint8Array(count * dims * 2);
  await handle.read(bytes, 0, bytes.length, (rows?.[0] ?? 0) * dims * 2);
  return { vectors: new Uint16Array(bytes.buffer) };
};

const scorer = await createScorer(head, initialParameters(head, 0), {
  vectors: "float16",
  engine: { provider: "cpu", threads: availableParallelism() },
});
// The first piece allocates what all others use.
await scorer.score(bagOf(Math.min(patches, 8192)));
const seconds: number[] = [];
let sum = 0;
for (let round = 0; round < 3; round++) {
  const began = performance.now();
  const { attention } = await scorer.score(bagOf(patches));
  seconds.push((performance.now() - began) / 1000);
  sum = attention.reduce((total, weight) => total + weight, 0);
}
await scorer.close();
await handle?.close();
process.stdout.write(
  JSON.stringify({ seconds, attentionSum: sum, peakMegabytes: process.resourceUsage().maxRSS / 1024 }),
);
