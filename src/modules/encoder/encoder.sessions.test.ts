import { expect, test } from "vitest";
import type { createEncoderSession, EncoderSession } from "../../inference/encoder-session.ts";
import { tinyCard } from "../../inference/tiny-encoders.ts";
import { readConfig } from "../../platform/config.ts";
import { HistoError } from "../../platform/errors.ts";
import { createLogger } from "../../platform/logging.ts";
import { WorkerUnfitError } from "../../queue/jobs.ts";
import type { ArtefactStore } from "../../store/artefacts.ts";
import type { Encoder } from "../../store/generated/client.ts";
import { createEncoderSessions } from "./encoder.sessions.ts";

const encoder = { key: "tiny", digest: "ab", modelDigest: "cd", card: tinyCard() } as unknown as Encoder;

/** Sessions that are lost when they are told so; each with its number. */
const world = () => {
  const opened: { session: EncoderSession; lose(): void; isClosed(): boolean }[] = [];
  const open: typeof createEncoderSession = async () => {
    let [isLost, isClosed] = [false, false];
    const number = opened.length;
    const session = {
      ...{ provider: `session ${number}`, skipped: [], isLost: () => isLost },
      close: async () => {
        isClosed = true;
      },
    } as unknown as EncoderSession;
    const lose = () => {
      isLost = true;
    };
    opened.push({ session, lose, isClosed: () => isClosed });
    return session;
  };
  const artefacts = { get: async () => new Uint8Array() } as unknown as ArtefactStore;
  const config = readConfig({ HISTOQL_BATCH: "8" });
  const sessions = createEncoderSessions({ config, artefacts, log: createLogger("silent") }, open);
  return { sessions, opened };
};

test("an encoder whose devices are lost is loaded anew for whoever comes next, and ended with its last user", async () => {
  const { sessions, opened } = world();
  const broken = new Error("CUDA failure 719");
  let letGo: () => void = () => {};
  const slow = sessions.use(encoder, () => new Promise<void>((resolve) => (letGo = resolve)));
  const failing = sessions.use(encoder, async () => {
    opened[0]?.lose();
    throw broken;
  });
  await expect(failing).rejects.toBe(broken);
  expect(opened[0]?.isClosed()).toBe(false);
  expect(await sessions.use(encoder, async ({ provider }) => provider)).toBe("session 1");
  letGo();
  await slow;
  await new Promise((wake) => setImmediate(wake));
  expect(opened.map(({ isClosed }) => isClosed())).toEqual([true, false]);
  expect(await sessions.use(encoder, async ({ provider }) => provider)).toBe("session 1");
  await sessions.close();
  expect(opened.map(({ isClosed }) => isClosed())).toEqual([true, true]);
});

test("a worker whose device is gone hands its jobs back, and says why; a model that no device runs is the model's failure", async () => {
  const open = async () => {
    throw new HistoError("MODEL_INCOMPATIBLE", "runs on none of the providers asked for");
  };
  const artefacts = { get: async () => new Uint8Array() } as unknown as ArtefactStore;
  const told: unknown[] = [];
  const use = (devices: string, isWorker = true) =>
    createEncoderSessions(
      {
        ...{ config: readConfig({ HISTOQL_DEVICES: devices }), artefacts, log: createLogger("silent") },
        onUnfit: isWorker ? (error) => told.push(error) : undefined,
      },
      open,
    ).use(encoder, async () => {});
  for (const failing of [use("cpu"), use("all"), use("cuda:99", false)]) {
    await expect(failing).rejects.toMatchObject({ code: "MODEL_INCOMPATIBLE" });
  }
  expect(told).toEqual([]);
  const unfit = await use("cpu,cuda:99").catch((error: unknown) => error);
  expect(unfit).toBeInstanceOf(WorkerUnfitError);
  expect(unfit).toMatchObject({ message: expect.stringContaining("cuda:99"), fix: expect.stringContaining("doctor") });
  expect(told).toEqual([expect.objectContaining({ code: "BAD_ARGUMENT" })]);
});

test("a failure that costs no device leaves the encoder loaded", async () => {
  const { sessions, opened } = world();
  await expect(sessions.use(encoder, () => Promise.reject(new Error("a full disk")))).rejects.toThrow("a full disk");
  await sessions.use(encoder, async () => {});
  expect(opened).toHaveLength(1);
  await sessions.close();
});
