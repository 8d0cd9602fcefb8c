/**
 * The embedded PostgreSQL (PGlite: PostgreSQL 18 and pgvector in WebAssembly), in a thread of its own: a statement may
 * compute for seconds, and in the main thread that would hold up every request.
 */
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

export type EmbeddedWorkerData = {
  dataDir: string | undefined;
  listen: { path: string } | { host: string; port: number };
};
export type EmbeddedWorkerMessage = { ready: true; connection: string } | { ready: false; message: string };

const { dataDir, listen } = workerData as EmbeddedWorkerData;
const port = parentPort;
if (!port) throw new Error("The embedded database runs in a worker thread.");

const start = async () => {
  const db = await PGlite.create({ ...(dataDir && { dataDir }), extensions: { vector } });
  const server = new PGLiteSocketServer({ db, ...listen, maxConnections: 4 });
  await server.start();
  port.on("message", async () => {
    await server.stop();
    await db.close();
    port.postMessage({ closed: true });
    port.close();
  });
  return server.getServerConn();
};

try {
  port.postMessage({ ready: true, connection: await start() } satisfies EmbeddedWorkerMessage);
} catch (error) {
  port.postMessage({ ready: false, message: error instanceof Error ? error.message : String(error) });
}
