import { join } from "node:path";
import { createBatchMemory } from "../../inference/batch-memory.ts";
import { parseEncoderCard } from "../../inference/encoder-card.ts";
import { createEncoderSession, type EncoderSession } from "../../inference/encoder-session.ts";
import type { Config } from "../../platform/config.ts";
import { HistoError, isHistoError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logging.ts";
import { WorkerUnfitError } from "../../queue/jobs.ts";
import type { StainMethod } from "../../slides/index.ts";
import type { ArtefactStore } from "../../store/artefacts.ts";
import type { Encoder } from "../../store/generated/client.ts";
import { requireDevices } from "./devices.ts";

/** Loaded encoders, one session for each and each way to even out staining, shared by jobs and queries. */
export type EncoderSessions = {
  /**
   * Runs `use` with the encoder's session, loaded once however many ask.
   * @throws HistoError ENCODER_HAS_NO_MODEL, MODEL_INCOMPATIBLE; WorkerUnfitError where a worker's devices are gone
   */
  use<Result>(
    encoder: Encoder,
    use: (session: EncoderSession) => Promise<Result>,
    stain?: StainMethod | null,
  ): Promise<Result>;
  /** The execution provider that runs this encoder here; null while it is not loaded. */
  providerOf(encoder: Encoder): Promise<string | null>;
  close(): Promise<void>;
};

/** A loaded encoder holds its weights and, for a GPU, device memory; more than a few at a time are not kept. */
const MAX_LOADED = 3;

type Surroundings = {
  config: Config;
  artefacts: ArtefactStore;
  log: Logger;
  /** Told when a device that was named runs nothing any more; jobs that want it then go back to others. */
  onUnfit?: ((error: HistoError) => void) | undefined;
};

const load = async (
  encoder: Encoder,
  stain: StainMethod | null,
  { config, artefacts, log }: Surroundings,
  open: typeof createEncoderSession,
): Promise<EncoderSession> => {
  if (encoder.modelDigest === null || encoder.card === null) {
    throw new HistoError("ENCODER_HAS_NO_MODEL", `Encoder "${encoder.key}" is known by name only.`, {
      fix: "Give its ONNX file with registerEncoder.",
    });
  }
  const card = parseEncoderCard(encoder.card);
  const session = await open({
    card,
    model: await artefacts.get(encoder.modelDigest),
    providers: config.providers,
    devices: config.devices,
    // Half precision is what the vector tables hold.
    precision: "float16",
    stain,
    computeInHalves: config.precision === "float16" && card.precision === "float16",
    // A batch size that somebody fixed is not measured.
    ...(config.batchSize === null && { batchMemory: createBatchMemory(join(config.dataFolder, "batches")) }),
    onLessMemory: ({ device, from, to }) =>
      log.warn({ encoder: encoder.key, device, from, to }, "too little memory on the device: smaller runs from now on"),
    onDeviceLost: ({ device, reason }) =>
      log.error({ encoder: encoder.key, device, reason }, "a device runs nothing any more: it gets no further batch"),
  });
  const { provider, skipped, halfDifferences } = session;
  log.info({ encoder: encoder.key, provider, skipped, halfDifferences }, "an encoder was loaded");
  return session;
};

type Entry = {
  loaded: Promise<EncoderSession>;
  users: number;
  /** No device of it runs any more: whoever comes next loads the encoder anew, on what runs then. */
  isLost: boolean;
};

export const createEncoderSessions = (surroundings: Surroundings, open = createEncoderSession): EncoderSessions => {
  const entries = new Map<string, Entry>();
  const keyOf = (encoder: Encoder, stain: StainMethod | null) => `${encoder.digest ?? encoder.key} ${stain ?? "NONE"}`;

  /** Where it is the devices that were named, the failure says nothing of encoder or slide. */
  const reasonOfFailure = async (error: unknown): Promise<unknown> => {
    const { config, log, onUnfit } = surroundings;
    if (!onUnfit || !isHistoError(error) || error.code !== "MODEL_INCOMPATIBLE") return error;
    const gone: unknown = await requireDevices(config).catch((reason: unknown) => reason);
    if (!isHistoError(gone)) return error;
    log.error({ reason: gone.message }, "a device that was named does not run any more");
    onUnfit(gone);
    return new WorkerUnfitError(gone.code, gone.message, { fix: gone.fix, path: gone.inputPath });
  };

  const drop = async (key: string, entry: Entry) => {
    entries.delete(key);
    const session = await entry.loaded.catch(() => undefined);
    await session?.close();
  };

  /** Whoever uses it still ends it; it may have been given up by another before. */
  const giveUp = (key: string, entry: Entry) => {
    entry.isLost = true;
    if (entries.get(key) === entry) entries.delete(key);
  };

  const trim = async () => {
    const idle = [...entries].filter(([, entry]) => entry.users === 0);
    for (const [key, entry] of idle.slice(0, Math.max(0, entries.size - MAX_LOADED))) await drop(key, entry);
  };

  return {
    async use(encoder, use, stain = null) {
      const key = keyOf(encoder, stain);
      const entry = entries.get(key) ?? { loaded: load(encoder, stain, surroundings, open), users: 0, isLost: false };
      // Reinserting makes the map's order the order of last use.
      entries.delete(key);
      entries.set(key, entry);
      entry.users++;
      try {
        const session = await entry.loaded.catch(async (error: unknown) => {
          entries.delete(key);
          throw await reasonOfFailure(error);
        });
        try {
          return await use(session);
        } finally {
          if (session.isLost()) giveUp(key, entry);
        }
      } finally {
        entry.users--;
        // Nobody waits for a device that does not answer.
        if (entry.isLost && entry.users === 0) entry.loaded.then((session) => session.close()).catch(() => {});
        await trim();
      }
    },
    providerOf: async (encoder) => {
      const ways = [null, "MACENKO", "REINHARD"] as const;
      const entry = ways.map((stain) => entries.get(keyOf(encoder, stain))).find((known) => known !== undefined);
      const session = await entry?.loaded.catch(() => undefined);
      return session?.provider ?? null;
    },
    async close() {
      for (const [key, entry] of [...entries]) await drop(key, entry);
    },
  };
};
