import { HistoError } from "../platform/errors.ts";
import type { Logger } from "../platform/logging.ts";
import type { Database, Queryable } from "../store/database.ts";
import { readMigrationsDigest } from "../store/migrations.ts";
import { isUnavailable } from "../store/unavailable.ts";
import type { JobKind } from "./jobs.ts";

/** A process that takes jobs, as others may see it: it names neither its machine nor its folders. */
export type WorkerCard = {
  id: string;
  name: string;
  version: string;
  kinds: readonly JobKind[];
  devices: readonly string[];
  /** Jobs of each kind at a time. */
  concurrency: number;
  leaseSeconds: number;
};

export type WorkerState = "WORKING" | "DRAINING" | "STOPPED";

export type WorkerRow = Omit<WorkerCard, "kinds" | "devices"> & {
  kinds: JobKind[];
  devices: string[];
  state: WorkerState;
  startedAt: Date;
  heartbeatAt: Date;
  /** Jobs that it holds at the moment. */
  running: number;
};

/** `0.1` of `0.1.7`: what has to be equal for two processes to work on one database. */
export const compatibility = (version: string): string => version.split(".", 2).join(".");

const numbers = (version: string): number[] => version.split(/[^0-9]+/).map(Number);

const isOlder = (a: string, b: string): boolean => {
  const [[a1 = 0, a2 = 0], [b1 = 0, b2 = 0]] = [numbers(a), numbers(b)] as [number[], number[]];
  return a1 < b1 || (a1 === b1 && a2 < b2);
};

const readVersion = async (client: Queryable): Promise<string | null> => {
  const { rows } = await client.query<{ version: string }>("SELECT version FROM installation");
  return rows[0]?.version ?? null;
};

const otherVersion = (own: string, recorded: string): HistoError =>
  new HistoError("CONFLICT", `The database belongs to HistoQL ${recorded}; this is ${own}.`, {
    fix: isOlder(own, recorded)
      ? `Install HistoQL ${recorded} here: workers and servers of one database are of one version (their first two numbers).`
      : `Update and start the server first, with histoql ${own}: it brings the database to its version, and workers follow.`,
  });

/** @throws HistoError CONFLICT when the database belongs to a version that is not this one's */
export const requireVersion = async (client: Queryable, version: string): Promise<void> => {
  const recorded = await readVersion(client);
  if (recorded === null) {
    throw new HistoError("CONFLICT", "No server has started on this database yet.", {
      fix: "Start histoql serve with the same DATABASE_URL once; then start workers.",
    });
  }
  if (compatibility(recorded) !== compatibility(version)) throw otherVersion(version, recorded);
};

/**
 * Makes the database this version's, as a server does when it starts.
 * @throws HistoError CONFLICT when it belongs to a later one
 */
export const recordVersion = async (client: Queryable, version: string): Promise<void> => {
  const recorded = await readVersion(client);
  if (recorded === version) return;
  if (recorded !== null && isOlder(version, recorded)) throw otherVersion(version, recorded);
  await client.query(
    `INSERT INTO installation (version) VALUES ($1)
     ON CONFLICT (is_only) DO UPDATE SET version = excluded.version, updated_at = now()`,
    [version],
  );
};

/** Rows of workers that ended are kept so long, for whoever asks what has become of them. */
const KEPT = "interval '1 day'";

const insertWorker = async (client: Queryable, worker: WorkerCard): Promise<void> => {
  await client.query(`DELETE FROM worker WHERE heartbeat_at < now() - ${KEPT}`);
  await client.query(
    `INSERT INTO worker (id, name, version, kinds, devices, concurrency, lease_seconds)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (id) DO UPDATE SET heartbeat_at = now()`,
    [worker.id, worker.name, worker.version, worker.kinds, worker.devices, worker.concurrency, worker.leaseSeconds],
  );
};

const beat = async (client: Queryable, worker: WorkerCard, state: WorkerState): Promise<void> => {
  const { rowCount } = await client.query(
    "UPDATE worker SET heartbeat_at = now(), state = $2::worker_state WHERE id = $1",
    [worker.id, state],
  );
  if (rowCount === 0) await insertWorker(client, worker);
};

/** Shows a worker to others, until it is stopped or dies. */
export type Registration = { drain(): Promise<void>; stop(): Promise<void> };

const otherTables = (): HistoError =>
  new HistoError("CONFLICT", "Another version of HistoQL has changed the database's tables since this one started.", {
    fix: "Install the version of the server here, and start this again.",
  });

/**
 * Registers a worker and keeps its heart beating.
 * @param onRefused called once when the database or its tables have become another version's meanwhile
 */
export const registerWorker = async (
  database: Database,
  worker: WorkerCard,
  log: Logger,
  onRefused: (error: HistoError) => void,
): Promise<Registration> => {
  // Whoever was here before is dead: the embedded database serves one process.
  if (database.kind === "embedded") await database.query("UPDATE worker SET state = 'STOPPED'");
  await insertWorker(database, worker);
  const tables = await readMigrationsDigest(database);
  let state: WorkerState = "WORKING";
  let isRefused = false;
  const look = async (): Promise<void> => {
    try {
      await beat(database, worker, state);
      await requireVersion(database, worker.version);
      if ((await readMigrationsDigest(database)) !== tables) throw otherTables();
    } catch (error) {
      if (error instanceof HistoError && !isRefused) {
        isRefused = true;
        onRefused(error);
      } else if (!isUnavailable(error)) log.warn({ error }, "heartbeat");
    }
  };
  const timer = setInterval(look, (worker.leaseSeconds * 1000) / 4);
  timer.unref();
  const say = async (next: WorkerState): Promise<void> => {
    state = next;
    await beat(database, worker, next).catch((error: unknown) => log.warn({ error }, "heartbeat"));
  };
  return {
    drain: () => say("DRAINING"),
    async stop() {
      clearInterval(timer);
      await say("STOPPED");
    },
  };
};

/** Workers that were heard of within their lease and have not stopped, the oldest first. */
export const readWorkers = async (client: Queryable): Promise<WorkerRow[]> => {
  const { rows } = await client.query<WorkerRow>(
    `SELECT id, name, version, kinds, devices, concurrency, lease_seconds AS "leaseSeconds", state,
       started_at AS "startedAt", heartbeat_at AS "heartbeatAt",
       (SELECT count(*) FROM job WHERE job.worker_id = worker.id AND job.state = 'RUNNING')::int AS running
     FROM worker WHERE state <> 'STOPPED' AND heartbeat_at > now() - make_interval(secs => lease_seconds)
     ORDER BY started_at, id`,
  );
  return rows;
};
