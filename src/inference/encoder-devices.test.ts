import { expect, test } from "vitest";
import type { Device } from "../onnx/providers.ts";
import type { DeviceChoice } from "../platform/devices.ts";
import { openDevices } from "./encoder-devices.ts";
import type { EncoderThread } from "./encoder-thread.ts";

/** Opens on a machine of three cards of which the second does not run; tells which threads are open. */
const open = async (devices: readonly DeviceChoice[]) => {
  const alive = new Set<EncoderThread>();
  const start = async ([place = "cpu"]: readonly Device[]): Promise<EncoderThread> => {
    const provider = place === "cuda" ? "cuda:0" : place;
    if (provider === "cuda:1") throw new Error("out of memory");
    const thread: EncoderThread = {
      ...{ provider, skipped: [], hardware: "a card", cards: 3, ranOn: provider, graphDigest: "ab" },
      ...{ runtime: "1.30.0", halfDifference: null },
      ...{ patchesPerRun: 1, pending: () => 0, embed: () => Promise.reject(), sweep: async () => [] },
      setPatchesPerRun: async () => {},
      close: async () => void alive.delete(thread),
    };
    alive.add(thread);
    return thread;
  };
  const opened = openDevices({ providers: ["cuda", "cpu"], devices, threads: null, modelBytes: 1, start });
  return { opened, alive };
};

test("of the cards that nobody named those are taken that run", async () => {
  const { opened } = await open(["all"]);
  const { devices, skipped } = await opened;
  expect(devices.map(({ device }) => device)).toEqual(["cuda:0", "cuda:2"]);
  expect(skipped).toEqual([{ provider: "cuda:1", reason: "out of memory" }]);
});

test.each([[["cuda"]], [["cuda:0", "cuda:1"]]] as const)(
  "of those that were named, %s, all must run",
  async (devices) => {
    const { opened, alive } = await open(devices);
    await expect(opened).rejects.toThrow("out of memory");
    expect(alive.size).toBe(0);
  },
);
