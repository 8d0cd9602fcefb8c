import { availableParallelism } from "node:os";
import { cardNumber, type Device } from "../onnx/providers.ts";
import type { DeviceChoice } from "../platform/devices.ts";
import type { SkippedProvider } from "./encoder-messages.ts";
import type { EncoderThread } from "./encoder-thread.ts";

/** The threads that hold an encoder on one device: one for a card, several that share the cores of a processor. */
export type DeviceThreads = { device: Device; threads: EncoderThread[] };

/** Copies of an encoder on one machine, and the memory that their weights may take together. */
const MOST_ENCODERS = 8;
const MOST_WEIGHT_BYTES = 2 ** 30;

/**
 * Threads for a machine with `cores`: encoders side by side, each with its share of the cores. One encoder whose
 * operators use several threads stands still at the end of every operator while a reader has one of its cores: 2 × 1
 * threads gave 1.2 times the patches/s of 1 × 2 beside reading on two cores.
 */
export const defaultThreads = (cores: number, modelBytes: number): { threads: number; operatorThreads: number } => {
  const affordable = Math.floor(MOST_WEIGHT_BYTES / Math.max(1, modelBytes));
  const threads = Math.max(1, Math.min(cores, MOST_ENCODERS, affordable));
  return { threads, operatorThreads: Math.max(1, Math.floor(cores / threads)) };
};

export type OpenDevicesOptions = {
  /** In order of preference, for `devices: ["all"]`: the first that runs is taken. */
  providers: readonly Device[];
  /** `["all"]` for every device of the first provider that runs; else these, all of which must run. */
  devices: readonly DeviceChoice[];
  /** Threads on a processor, and on a card where that is asked for. */
  threads: number | null;
  modelBytes: number;
  /** Starts a thread on the first of `allowed` that runs. */
  start(allowed: readonly Device[]): Promise<EncoderThread>;
};

/** Opens an encoder on the devices that were chosen; `skipped` tells what does not run, and why. Rejects as `start` does. */
export const openDevices = async (
  options: OpenDevicesOptions,
): Promise<{ devices: DeviceThreads[]; skipped: SkippedProvider[] }> => {
  const { start } = options;
  const chosen = options.devices.filter((device) => device !== "all");
  const opened: EncoderThread[] = [];
  const skipped: SkippedProvider[] = [];
  /** Those that do not run, each with its reason. */
  const startWhatRuns = async (places: readonly Device[]): Promise<{ provider: Device; error: unknown }[]> => {
    const settled = await Promise.allSettled(places.map((place) => start([place])));
    return settled.flatMap((each, index) => {
      if (each.status === "rejected") return [{ provider: places[index] as Device, error: each.reason as unknown }];
      opened.push(each.value);
      return [];
    });
  };
  const startAll = async (places: readonly Device[]): Promise<void> => {
    const [failed] = await startWhatRuns(places);
    if (failed) throw failed.error;
  };
  try {
    if (chosen.length === 0) {
      const first = await start(options.providers);
      opened.push(first);
      // Only a provider that was named without a card stands for all of them.
      if (options.providers.includes("cuda")) {
        // Nobody named them: one that is broken or full must not stop the others.
        for (const { provider, error } of await startWhatRuns(otherCards(first))) {
          skipped.push({ provider, reason: error instanceof Error ? error.message : String(error) });
        }
      }
    } else {
      for (const choice of chosen) {
        if (opened.some(({ provider }) => provider === choice)) continue;
        const first = await start([choice]);
        if (opened.some(({ provider }) => provider === first.provider)) await first.close();
        else opened.push(first);
        const there = new Set(opened.map(({ provider }) => provider));
        if (choice === "cuda") await startAll(otherCards(first).filter((card) => !there.has(card)));
      }
    }
    skipped.push(...opened.flatMap((thread) => thread.skipped));
    const devices = opened.map((first): DeviceThreads => ({ device: first.provider, threads: [first] }));
    for (const { device, threads } of devices) {
      // A graphics processor is shared badly by several copies of one model; cores are not.
      const usual = device === "cpu" ? defaultThreads(availableParallelism(), options.modelBytes).threads : 1;
      const missing = (options.threads ?? usual) - 1;
      const before = opened.length;
      await startAll(Array.from({ length: missing }, () => device));
      threads.push(...opened.slice(before));
    }
    return { devices, skipped };
  } catch (error) {
    await Promise.all(opened.map((thread) => thread.close()));
    throw error;
  }
};

const otherCards = ({ provider, cards }: EncoderThread): Device[] =>
  Array.from({ length: cards }, (_, card) => `cuda:${card}` as const).filter(
    (device) => cardNumber(device) !== cardNumber(provider),
  );
