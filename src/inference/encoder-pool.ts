import type { Device } from "../onnx/providers.ts";
import { isHistoError } from "../platform/errors.ts";
import type { BatchMemory, BatchPlace, RememberedBatch } from "./batch-memory.ts";
import { chooseBatch } from "./batch-sweep.ts";
import type { DeviceThreads } from "./encoder-devices.ts";
import type { EmbeddedBatch, EmbedRequest } from "./encoder-messages.ts";
import type { EncoderThread } from "./encoder-thread.ts";
import { reasonOf } from "./open-encoder.ts";

export type EncoderPoolOptions = {
  operatorThreads: number;
  /** Fixed: nothing is measured. */
  patchesPerRun?: number;
  batchMemory?: BatchMemory;
  onLessMemory?(what: { device: Device; from: number; to: number }): void;
  /** Told once of each thread that ended, or whose device runs nothing any more. It gets no further batch. */
  onDeviceLost?(what: { device: Device; reason: string }): void;
};

/** Threads of one encoder on one or several devices, which share its batches. */
export type EncoderPool = {
  batchSize(): number;
  devices(): { device: Device; hardware: string; patchesPerRun: number }[];
  tune(): Promise<void>;
  embed(request: EmbedRequest): Promise<EmbeddedBatch>;
  /** Whether none of the threads runs anything any more. */
  isLost(): boolean;
  close(): Promise<void>;
};

type Member = {
  thread: EncoderThread;
  /** Patches sent and not yet answered. */
  waiting: number;
  /** Milliseconds a patch, of late; null before the first batch. */
  msPerPatch: number | null;
  /** When it answered last. */
  answeredAt: number;
  isLost: boolean;
  /** Finds out whether it is lost, while that is not known. */
  trial: Promise<void> | null;
};

type Place = { device: Device; hardware: string; members: Member[]; patchesPerRun: number; remembered: BatchPlace };

/** What costs little even on a device that could run fewer at once. */
const LEAST_BATCH = 32;
const SWEEP_MS = 1_500;
/** A card takes any size; a processor is measured around what its cache holds. */
const SIZES_OF_CARDS = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const SIZES_OF_PROCESSORS = [1, 2, 4, 8, 16];
/** What another size must give on a processor, where whatever else runs disturbs so short a measurement. */
const CLEAR_GAIN = 1.25;
/** Weight of the newest batch in a thread's speed. */
const NEWEST = 0.3;

export const createEncoderPool = (devices: readonly DeviceThreads[], options: EncoderPoolOptions): EncoderPool => {
  const { operatorThreads, batchMemory, onLessMemory, onDeviceLost } = options;
  const places = devices.flatMap(({ device, threads }): Place[] => {
    const [first] = threads;
    if (!first) return [];
    const { hardware, ranOn, graphDigest, runtime, patchesPerRun } = first;
    return [
      {
        device,
        hardware,
        members: threads.map((thread) => ({
          ...{ thread, waiting: 0, msPerPatch: null, answeredAt: 0 },
          ...{ isLost: false, trial: null },
        })),
        patchesPerRun,
        remembered: { hardware, ranOn, threads: threads.length, operatorThreads, graphDigest, runtime },
      },
    ];
  });
  const members = places.flatMap(({ members }) => members);
  const alive = (some: readonly Member[]): Member[] => some.filter(({ isLost }) => !isLost);
  let closing = false;

  /**
   * After a failure that says nothing of the batch: whoever does not run one patch either is given up. A card that fell off
   * the bus refuses at once, and would else be the soonest for every batch to come.
   */
  const giveUpIfLost = async ({ device }: Place, member: Member, error: unknown): Promise<void> => {
    if (isHistoError(error) || closing || member.isLost) return;
    member.trial ??= member.thread
      .sweep([1], 0)
      .then(
        () => {},
        (reason: unknown) => {
          if (closing) return;
          member.isLost = true;
          onDeviceLost?.({ device, reason: reasonOf(reason) });
        },
      )
      .finally(() => {
        member.trial = null;
      });
    await member.trial;
  };

  const setPatchesPerRun = async (place: Place, patches: number): Promise<void> => {
    // Not above what a thread may still answer with: less than expected means that memory refused more.
    place.patchesPerRun = Math.min(place.patchesPerRun, patches);
    await Promise.all(alive(place.members).map(({ thread }) => thread.setPatchesPerRun(patches)));
    place.patchesPerRun = patches;
  };

  const sweep = async (place: Place): Promise<RememberedBatch | null> => {
    const isProcessor = place.device === "cpu";
    const sizes = isProcessor ? SIZES_OF_PROCESSORS.map((size) => size * operatorThreads) : SIZES_OF_CARDS;
    // All at once, as they will work: threads of one processor take memory and cache from each other.
    const trials = await Promise.all(alive(place.members).map(({ thread }) => thread.sweep(sizes, SWEEP_MS)));
    return isProcessor ? chooseBatch(trials, place.patchesPerRun, CLEAR_GAIN) : chooseBatch(trials, null);
  };

  const findSize = async (place: Place): Promise<void> => {
    const known = (await batchMemory?.recall(place.remembered)) ?? null;
    const found = known ?? (await sweep(place));
    if (!found) return;
    await setPatchesPerRun(place, found.patchesPerRun);
    // A size that is not kept is found again.
    if (!known) await batchMemory?.remember(place.remembered, found).catch(() => {});
  };

  const tuneOne = async (place: Place): Promise<void> => {
    if (alive(place.members).length === 0) return;
    try {
      await findSize(place);
    } catch (error) {
      await Promise.all(place.members.map((member) => giveUpIfLost(place, member, error)));
      throw error;
    }
  };

  const takeLess = (place: Place, to: number): void => {
    const from = place.patchesPerRun;
    if (to >= from) return;
    place.patchesPerRun = to;
    onLessMemory?.({ device: place.device, from, to });
    // Nobody waits for this: a thread that is not told finds out by itself.
    Promise.all([
      ...place.members.map(({ thread }) => thread.setPatchesPerRun(to, { atMost: true })),
      batchMemory?.remember(place.remembered, { patchesPerRun: to, patchesPerSecond: null }),
    ]).catch(() => {});
  };

  let tuned: Promise<unknown> | null = null;
  return {
    batchSize: () =>
      Math.max(LEAST_BATCH, ...places.map(({ device, patchesPerRun }) => (device === "cpu" ? 0 : patchesPerRun))),
    devices: () =>
      places
        .filter((place) => alive(place.members).length > 0)
        .map(({ device, hardware, patchesPerRun }) => ({ device, hardware, patchesPerRun })),
    async tune() {
      if (!batchMemory || options.patchesPerRun !== undefined) return;
      tuned ??= Promise.all(places.map(tuneOne)).catch((error: unknown) => {
        tuned = null;
        throw error;
      });
      await tuned;
    },
    async embed(request) {
      const able = alive(members);
      const member = soonest(able.length > 0 ? able : members, request.patches);
      const place = places.find((each) => each.members.includes(member));
      member.waiting += request.patches;
      const began = performance.now();
      try {
        const { patchesPerRun, ...batch } = await member.thread.embed(request);
        if (!request.urgent) learnSpeed(member, began, request.patches);
        if (place) takeLess(place, patchesPerRun);
        return batch;
      } catch (error) {
        if (place) await giveUpIfLost(place, member, error);
        throw error;
      } finally {
        member.waiting -= request.patches;
        member.answeredAt = performance.now();
      }
    },
    isLost: () => alive(members).length === 0,
    async close() {
      closing = true;
      await Promise.all(members.map(({ thread }) => thread.close()));
    },
  };
};

/** A thread works in turn, so a batch took the time since it was sent, or since the one before it was answered. */
const learnSpeed = (member: Member, began: number, patches: number): void => {
  const msPerPatch = (performance.now() - Math.max(began, member.answeredAt)) / patches;
  member.msPerPatch = member.msPerPatch === null ? msPerPatch : member.msPerPatch * (1 - NEWEST) + msPerPatch * NEWEST;
};

/** The member that will have embedded `patches` more first; those whose speed is not known yet come before all others. */
const soonest = (members: readonly Member[], patches: number): Member => {
  const end = ({ waiting, msPerPatch }: Member): number => (waiting + patches) * (msPerPatch ?? 1e-6);
  return members.reduce((best, member) => (end(member) < end(best) ? member : best));
};
