import { AsyncResource } from "node:async_hooks";
import { HistoError } from "../platform/errors.ts";
import type { Logger } from "../platform/logging.ts";
import type { Queryable } from "../store/database.ts";
import { type JobState, PARTS_DONE } from "./jobs.ts";

/** What of a job has changed, and whether more is to come. */
export type JobChange = { id: string; state: JobState };

export type JobWatch = {
  /**
   * The job now, and again whenever its state, progress or message changes, until it has ended. A reader that is slow
   * misses what lay between, never the end.
   * @throws HistoError NOT_FOUND when the job is deleted meanwhile; the signal's reason when that aborts
   */
  watch(id: string, signal: AbortSignal): AsyncGenerator<JobChange, void>;
  /** Jobs that somebody watches. */
  size(): number;
  close(): void;
};

/** How often the watched jobs are read; much longer when reading them takes long. */
const POLL_MS = 500;
const POLL_SHARE = 0.05;

type Row = { id: string; state: JobState; version: string };

/** One statement for all watched jobs, however many listen. A parent's version counts what its parts have done. */
const readVersions = async (client: Queryable, ids: readonly string[]): Promise<Row[]> => {
  const { rows } = await client.query<Row>(
    `SELECT job.id, job.state,
       concat_ws(' ', job.state, job.done, job.total, job.attempts, job.result_id, ${PARTS_DONE}, job.waiting_for,
         job.start_after, job.message) AS version
     FROM job WHERE job.id = ANY($1::uuid[])`,
    [ids],
  );
  return rows;
};

const hasEnded = (state: JobState): boolean => state !== "QUEUED" && state !== "RUNNING";

/** What the last reading found: nothing yet, a row, or that the job is gone. */
type Seen = Row | "GONE" | undefined;
type Watched = { seen: Seen; listeners: Set<() => void> };

/**
 * Reads watched jobs again and again, and tells who listens. Nothing is read while nobody listens.
 *
 * Rows are polled because LISTEN/NOTIFY does not reach through poolers in transaction mode.
 */
export const createJobWatch = (client: Queryable, log: Logger): JobWatch => {
  const watched = new Map<string, Watched>();
  const closed = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let reading = false;

  const note = (entry: Watched, row: Row | undefined): void => {
    const before = entry.seen;
    entry.seen = row ?? "GONE";
    const isSame = row && typeof before === "object" && before.version === row.version;
    if (!isSame) for (const wake of entry.listeners) wake();
  };

  const poll = async (): Promise<void> => {
    const begun = performance.now();
    let failed = false;
    reading = true;
    try {
      const ids = [...watched.keys()];
      const rows = new Map((await readVersions(client, ids)).map((row) => [row.id, row]));
      for (const id of ids) {
        const entry = watched.get(id);
        if (entry) note(entry, rows.get(id));
      }
    } catch (error) {
      failed = true;
      // A database that is away comes back; whoever listens waits meanwhile.
      log.warn({ reason: error instanceof Error ? error.message : String(error) }, "job watch");
    }
    reading = false;
    if (watched.size === 0 || closed.signal.aborted) return;
    const isUnread = [...watched.values()].some(({ seen }) => seen === undefined);
    const restMs = Math.max(POLL_MS, (performance.now() - begun) / POLL_SHARE);
    timer = setTimeout(poll, isUnread && !failed ? 0 : restMs);
  };

  // Bound to no request: what one client starts is read for others too, and must not end with him.
  const pollSoon = AsyncResource.bind(() => {
    clearTimeout(timer);
    if (!reading && !closed.signal.aborted) timer = setTimeout(poll, 0);
  });

  const listen = (id: string, wake: () => void): Watched => {
    const entry = watched.get(id) ?? { seen: undefined, listeners: new Set() };
    watched.set(id, entry);
    entry.listeners.add(wake);
    if (entry.seen === undefined) pollSoon();
    return entry;
  };

  const unlisten = (id: string, entry: Watched, wake: () => void): void => {
    entry.listeners.delete(wake);
    if (entry.listeners.size > 0) return;
    watched.delete(id);
    if (watched.size === 0) clearTimeout(timer);
  };

  return {
    async *watch(id, signal) {
      const ended = AbortSignal.any([signal, closed.signal]);
      let wake = () => {};
      let sleeping = Promise.resolve();
      const ring = () => wake();
      const rearm = () => {
        sleeping = new Promise((resolve) => {
          wake = resolve;
        });
      };
      rearm();
      const entry = listen(id, ring);
      ended.addEventListener("abort", ring);
      let told: Seen;
      try {
        for (;;) {
          ended.throwIfAborted();
          const { seen } = entry;
          if (seen === "GONE") throw new HistoError("NOT_FOUND", "The job was deleted.", { path: ["id"] });
          if (seen === undefined || (typeof told === "object" && told.version === seen.version)) {
            await sleeping;
            rearm();
            continue;
          }
          told = seen;
          yield { id, state: seen.state };
          if (hasEnded(seen.state)) return;
        }
      } finally {
        ended.removeEventListener("abort", ring);
        unlisten(id, entry, ring);
      }
    },
    size: () => watched.size,
    close() {
      closed.abort(new DOMException("The server is stopping.", "AbortError"));
      clearTimeout(timer);
    },
  };
};
