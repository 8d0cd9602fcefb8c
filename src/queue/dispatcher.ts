import type { Logger } from "../platform/logging.ts";
import type { JobKind } from "./jobs.ts";
import type { Messages } from "./messages.ts";

/** An idle worker asks one cheap question so often; a busy one looks whenever it has finished something. */
const POLL_MS = 400;

export type Dispatch = {
  messages: Pick<Messages, "pending" | "take">;
  log: Logger;
  kinds: readonly JobKind[];
  /** Jobs of each kind that may run at a time. */
  concurrency: number;
  run(kind: JobKind, jobId: string): Promise<void>;
};

/**
 * Takes messages of every kind that has room, most urgent ones first, and runs their jobs beside each other.
 * @returns stops taking, and waits for what runs
 */
export const startDispatcher = ({ messages, log, kinds, concurrency, run }: Dispatch): (() => Promise<void>) => {
  const room = new Map(kinds.map((kind) => [kind, concurrency]));
  const inFlight = new Set<Promise<void>>();
  let stopping = false;
  let wake: () => void = () => {};

  const begin = async (kind: JobKind): Promise<boolean> => {
    const message = await messages.take(kind);
    if (!message) return false;
    room.set(kind, (room.get(kind) ?? 0) - 1);
    const work = run(kind, message.jobId)
      .catch((error: unknown) => log.error({ error }, "job"))
      .then(() => message.acknowledge())
      .catch((error: unknown) => log.warn({ error }, "queue"))
      .finally(() => {
        room.set(kind, (room.get(kind) ?? 0) + 1);
        inFlight.delete(work);
        wake();
      });
    inFlight.add(work);
    return true;
  };

  /** Whether anything was begun. */
  const look = async (): Promise<boolean> => {
    const free = kinds.filter((kind) => (room.get(kind) ?? 0) > 0);
    if (free.length === 0) return false;
    let found = false;
    for (const kind of await messages.pending(free)) {
      if (!stopping && (await begin(kind))) found = true;
    }
    return found;
  };

  const loop = async (): Promise<void> => {
    while (!stopping) {
      const rested = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      const found = await look().catch((error: unknown) => {
        log.warn({ error }, "queue");
        return false;
      });
      if (!found && !stopping) await rested;
    }
  };

  const looping = loop();
  return async () => {
    stopping = true;
    wake();
    await looping;
    await Promise.all(inFlight);
  };
};
