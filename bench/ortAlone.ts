/** What ONNX Runtime alone does: the bundled encoder on batches of bytes that are in memory already. Prints JSON. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { bundledEncoder } from "../src/inference/bundled-encoder.ts";
import { prepareEncoder } from "../src/inference/encoder-graph.ts";

const [batchText = "32", secondsText = "6"] = process.argv.slice(2);
const batch = Number(batchText);
const { card, model } = await bundledEncoder();
const session = await InferenceSession.create(prepareEncoder(await readFile(model.file), card, "float16"), {
  executionProviders: ["cpu"],
  intraOpNumThreads: availableParallelism(),
});
const side = card.inputPixels;
const pixels = Uint8Array.from({ length: batch * side * side * 3 }, (_, index) => (index * 2_654_435_761) >>> 24);
const feeds = { [session.inputNames[0] as string]: new Tensor("uint8", pixels, [batch, side, side, 3]) };
await session.run(feeds);
const began = performance.now();
let patches = 0;
while (performance.now() - began < Number(secondsText) * 1000) {
  await session.run(feeds);
  patches += batch;
}
process.stdout.write(JSON.stringify({ patchesPerSecond: (patches * 1000) / (performance.now() - began) }));
