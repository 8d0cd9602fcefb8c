import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import type { ClientConfig } from "pg";
import { lockFolder } from "./lock.ts";
import type { EmbeddedWorkerData, EmbeddedWorkerMessage } from "./worker.ts";

export type EmbeddedDatabase = { connection: ClientConfig; close(): Promise<void> };

/** A statement may still be running; after this it is cut off, as by a crash, which PostgreSQL survives. */
const CLOSE_WITHIN_MS = 10_000;

/** Where the kernel's limit for a Unix socket's path ends, less the name that PostgreSQL clients append. */
const MAX_SOCKET_FOLDER_LENGTH = 80;

/** Named as PostgreSQL clients expect it: they are given the folder. */
const SOCKET_NAME = ".s.PGSQL.5432";

/** The socket's folder: the data folder (mode 0700) where the path is short enough, else a private temporary one. */
const socketFolder = (dataFolder: string | undefined): { folder: string; temporary: boolean } =>
  dataFolder !== undefined && dataFolder.length <= MAX_SOCKET_FOLDER_LENGTH
    ? { folder: dataFolder, temporary: false }
    : { folder: mkdtempSync(join(tmpdir(), "histoql-")), temporary: true };

const run = promisify(execFile);

/** Makes the database where there is none yet; in a folder beside it first, so that a crash leaves nothing half made. */
const initialise = async (dataDir: string): Promise<void> => {
  if (existsSync(dataDir)) return;
  const partial = `${dataDir}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await run(process.execPath, [join(import.meta.dirname, "initialise.ts"), partial]);
  renameSync(partial, dataDir);
};

/**
 * Starts the embedded database.
 * @param dataFolder where it lives; undefined keeps it in memory (tests)
 * @throws HistoError CONFLICT when another process uses the folder
 */
export const startEmbedded = async (dataFolder: string | undefined): Promise<EmbeddedDatabase> => {
  const unlock = dataFolder === undefined ? () => {} : lockFolder(dataFolder);
  const socket = process.platform === "win32" ? undefined : socketFolder(dataFolder);
  const dataDir = dataFolder === undefined ? undefined : join(dataFolder, "postgres");
  if (dataDir !== undefined) await initialise(dataDir);
  if (socket) rmSync(join(socket.folder, SOCKET_NAME), { force: true });
  const workerData: EmbeddedWorkerData = {
    dataDir,
    listen: socket ? { path: join(socket.folder, SOCKET_NAME) } : { host: "127.0.0.1", port: 0 },
  };
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { workerData });
  const release = () => {
    if (socket?.temporary) rmSync(socket.folder, { recursive: true, force: true });
    unlock();
  };
  const ready = await new Promise<EmbeddedWorkerMessage>((resolve) => {
    worker.once("message", resolve);
    worker.once("error", (error) => resolve({ ready: false, message: String(error) }));
  });
  if (!ready.ready) {
    await worker.terminate();
    release();
    throw new Error(`The embedded database did not start: ${ready.message}`);
  }
  const [host, port] = socket ? [socket.folder, 5432] : (ready.connection.split(":") as [string, string]);
  return {
    connection: { host, port: Number(port), user: "postgres", database: "postgres" },
    async close() {
      const ended = once(worker, "exit");
      worker.postMessage("close");
      // The thread ends by itself; ending it by force while WebAssembly is being compiled can end the whole process.
      await Promise.race([ended, delay(CLOSE_WITHIN_MS, undefined, { ref: false })]);
      await worker.terminate();
      release();
    },
  };
};
