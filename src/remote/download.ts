import { open, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { RemoteAddress } from "../platform/hosts.ts";
import * as refusals from "./refusals.ts";
import { persist, type Remote, type RemoteFile, TransientError } from "./remote.ts";

type Progress = (receivedBytes: number, totalBytes: number) => void;

export type FetchOptions = {
  onProgress?: Progress | undefined;
  signal?: AbortSignal | undefined;
  /** How often in a row a host may fail without sending anything; 5 by default. */
  attempts?: number | undefined;
};

const PROGRESS_EVERY_MS = 1_000;

/** What an earlier attempt left: bytes are worth keeping only beside the tag of what they are a part of. */
const readPart = async (file: string): Promise<{ from: number; tag: string | undefined }> => {
  const tag = await readFile(`${file}.tag`, "utf8").catch(() => undefined);
  const found = tag === undefined ? undefined : await stat(file).catch(() => undefined);
  return { from: found?.size ?? 0, tag };
};

export const removePart = async (file: string): Promise<void> => {
  await Promise.all([file, `${file}.tag`].map((path) => rm(path, { force: true })));
};

/** An error of writing is about this machine's disk; anything else that broke a stream is the network's. */
const isOurs = (error: unknown): boolean =>
  ["ENOSPC", "EDQUOT", "EIO", "EACCES", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");

/**
 * Brings a file of a host to disk, going on where an earlier attempt ended, whether of this call or of a killed process.
 * @param expected refuses another size before anything is sent
 * @throws HistoError as `Remote.open`, and CONFLICT for another size
 */
export const download = async (
  remote: Remote,
  address: RemoteAddress,
  file: string,
  { expected, onProgress, signal, attempts }: FetchOptions & { expected: RemoteFile },
): Promise<RemoteFile> => {
  // A host that always begins anew and always breaks off gets no further, however much it sends.
  let furthest = 0;
  return persist(
    async (madeProgress) => {
      const part = await readPart(file);
      if (part.from === expected.bytes && part.tag === expected.tag && part.tag !== undefined) return expected;
      const { from, tag, bytes, body } = await remote.open(address, part, signal);
      if (bytes !== expected.bytes) {
        body.destroy();
        throw refusals.changed();
      }
      let received = from;
      furthest = Math.max(furthest, from);
      const countProgress = () => {
        if (received <= furthest) return;
        furthest = received;
        madeProgress();
      };
      let told = Date.now();
      if (from === 0) await removePart(file);
      if (from === 0 && tag !== undefined) await writeFile(`${file}.tag`, tag, { mode: 0o600 });
      const handle = await open(file, from === 0 ? "w" : "a", 0o600);
      try {
        // Piece by piece rather than by a pipeline, which would throw away what it still holds when the connection breaks.
        for await (const chunk of body as AsyncIterable<Buffer>) {
          if (received + chunk.length > bytes) throw new TransientError("more than was announced");
          await handle.writeFile(chunk);
          received += chunk.length;
          if (Date.now() - told < PROGRESS_EVERY_MS) continue;
          told = Date.now();
          onProgress?.(received, bytes);
        }
      } catch (error) {
        signal?.throwIfAborted();
        countProgress();
        if (error instanceof TransientError || isOurs(error)) throw error;
        throw new TransientError("broken off");
      } finally {
        body.destroy();
        await handle.close();
      }
      if (received === bytes) return { bytes, tag };
      countProgress();
      throw new TransientError("ended early");
    },
    { signal, attempts },
  );
};
