/**
 * An encoder whose memory runs out, in a process of its own: opens it on the device of the first argument, on the CPU then
 * takes the process's address space away but for the megabytes of the second, and embeds. Prints JSON.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { int, ints } from "../onnx/graph-builder.ts";
import { encodeOnnx } from "../onnx/proto.ts";
import { parseDevices } from "../platform/devices.ts";
import { isHistoError } from "../platform/errors.ts";
import { createBatchMemory } from "./batch-memory.ts";
import { createEncoderSession } from "./encoder-session.ts";
import { tinyCard, tinyModel } from "./tiny-encoders.ts";

const [device = "cpu", megabytes = "", channelsText = "", patchesText = "", folder = ""] = process.argv.slice(2);
const channels = Number(channelsText);
const patches = Number(patchesText);
/** Kibibytes that Linux counts as this process's address space. */
const addressSpace = (): number => Number(/^VmSize:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);

/** A layer of so many channels of 8 by 8 pixels, and their means of the first three: 256 bytes a channel and patch. */
const model = encodeOnnx(
  tinyModel((builder, image) => {
    const weights = builder.floats(new Float32Array(channels * 3).fill(1 / 3), [channels, 3, 1, 1]);
    const wide = builder.node("Conv", [image, weights], { kernel_shape: ints(1, 1) });
    const means = builder.node("Flatten", [builder.node("GlobalAveragePool", [wide])], { axis: int(1) });
    return builder.node("Gather", [means, builder.integers([0, 1, 2])], { axis: int(1) });
  }),
);
const reduced: unknown[] = [];
const session = await createEncoderSession({
  card: tinyCard(),
  model,
  devices: parseDevices(device, ["device"]),
  threads: 1,
  operatorThreads: 1,
  patchesPerRun: patches,
  ...(folder !== "" && { batchMemory: createBatchMemory(folder) }),
  onLessMemory: (what) => reduced.push(what),
});
const pixels = new Uint8Array(patches * 8 * 8 * 3).fill(90);
if (megabytes !== "") {
  const limit = (addressSpace() + Number(megabytes) * 1024) * 1024;
  execFileSync("prlimit", ["--pid", String(process.pid), `--as=${limit}`]);
}
const result = await session.embed({ pixels, patches, heightPixels: 8, widthPixels: 8 }).then(
  ({ vectors }) => ({
    vectors: vectors.length / 3,
    wrong: vectors.filter((value) => Math.abs(value - 90) > 0.01).length,
  }),
  (error: unknown) => ({ code: isHistoError(error) ? error.code : "none", message: String(error) }),
);
process.stdout.write(JSON.stringify({ ...result, reduced, devices: session.devices() }));
// The address space is used up: an orderly end could want more of it.
process.exit(0);
