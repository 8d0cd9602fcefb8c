import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../platform/config.ts";
import { HistoError } from "../../platform/errors.ts";
import { isRemote, parseRemote } from "../../platform/hosts.ts";
import { type ClaimedJob, recordMessage } from "../../queue/jobs.ts";
import {
  createFileCache,
  createRemote,
  type FetchOptions,
  type HeldFile,
  PATIENT_ATTEMPTS,
  type Remote,
} from "../../remote/index.ts";
import type { Slide, SlideImage } from "../../store/generated/client.ts";
import type { App } from "../context.ts";
import { createFileChecksums, type FileChecksums } from "./fileChecksums.ts";
import { requireOneFile } from "./remoteSlides.ts";

/** What tells a slide's file: where it is, here or on a host, and which content it must have. */
export type ImageFile = Pick<SlideImage, "path" | "checksum" | "bytes" | "sourceTag">;

/** The file of a slide on this machine, wherever it comes from: what every reader opens. */
export type SlideFiles = {
  /**
   * The local path of a slide's file, which stays there until it is released.
   * @param options.verify compares the content even where it was verified when it came; a file that came from no host is read
   *   for that once, and again when the file system tells of a change
   * @throws HistoError FILE_NOT_FOUND, FORBIDDEN, CONFLICT, SLIDE_CORRUPT, LIMIT_EXCEEDED; none names the host
   */
  hold(file: ImageFile, options?: FetchOptions & { verify?: boolean }): Promise<HeldFile>;
  /**
   * The same of a file that is not registered yet, or `known` again when the host says that it still is.
   * @throws HistoError as `hold`
   */
  holdNew(path: string, known?: ImageFile): Promise<HeldFile & Omit<ImageFile, "path">>;
  /** Paths and addresses of the slides that a path stands for, where it is an address. */
  list: Remote["list"];
};

const stays = async (): Promise<void> => {};

const requireUnchanged = async (file: ImageFile, checksums: FileChecksums): Promise<void> => {
  const found = await stat(file.path).catch(() => undefined);
  if (!found) {
    throw new HistoError("FILE_NOT_FOUND", "The file is not where it was registered.", {
      fix: "Mount the folder again, or register the slide's new place with registerSlides; then retryJob.",
    });
  }
  const isSame = BigInt(found.size) === file.bytes && (await checksums.of(file.path)).checksum === file.checksum;
  if (isSame) return;
  throw new HistoError("CONFLICT", "The file has changed since it was registered.", {
    fix: "Register it again with registerSlides, then retryJob.",
  });
};

export const createSlideFiles = ({ hosts, cacheFolder, cacheBytes, dataFolder }: Config): SlideFiles => {
  const remote = createRemote(hosts);
  const checksums = createFileChecksums();
  const cache = createFileCache(cacheFolder ?? join(dataFolder, "cache"), cacheBytes, remote);
  return {
    list: remote.list,
    async hold(file, options = {}) {
      if (!isRemote(file.path)) {
        if (options.verify) await requireUnchanged(file, checksums);
        return { path: file.path, release: stays };
      }
      const { checksum, bytes, sourceTag } = file;
      const known = { checksum, bytes: Number(bytes), tag: sourceTag ?? undefined };
      return cache.hold(parseRemote(file.path), known, options);
    },
    async holdNew(path, known) {
      if (!isRemote(path)) {
        return { path, release: stays, ...(await checksums.of(path)), sourceTag: null };
      }
      const address = parseRemote(path);
      requireOneFile(address);
      const seen = await remote.look(address);
      const sourceTag = seen.tag ?? null;
      const bytes = BigInt(seen.bytes);
      const isKnown = sourceTag !== null && known?.sourceTag === sourceTag && known.bytes === bytes;
      if (known && isKnown && known.path === path) return { ...known, release: stays };
      return { ...(await cache.fetch(address, seen)), bytes, sourceTag };
    },
  };
};

type SlideOfJob = { slide: Slide; image: ImageFile; signal: AbortSignal };

/** The reason is the file's, the words name the slide. */
const named = (error: unknown, { key }: Slide): unknown =>
  error instanceof HistoError && /^The file\b/.test(error.message)
    ? new HistoError(error.code, error.message.replace("The file", `The file of slide "${key}"`), {
        fix: error.fix,
        path: error.inputPath,
        cause: error.cause,
      })
    : error;

/**
 * Runs `work` while the slide's file is on this machine and is the one that was registered: vectors of another would claim
 * a lineage that they do not have. The job says that it is fetching while it is.
 * @throws HistoError as `SlideFiles.hold`, naming the slide
 */
export const withSameFile = async <Result>(
  app: App,
  job: ClaimedJob,
  { slide, image, signal }: SlideOfJob,
  work: () => Promise<Result>,
): Promise<Result> => {
  let told = Promise.resolve();
  const onProgress = (received: number, total: number) => {
    const message = `fetching, ${Math.floor((100 * received) / total)} %`;
    // The lease's own heartbeat notices what is wrong with the job.
    told = told.then(() => recordMessage(app.database, job, message)).catch(() => {});
  };
  const options = { verify: true, signal, onProgress, attempts: PATIENT_ATTEMPTS };
  const held = await app.slideFiles.hold(image, options).catch((error: unknown) => {
    throw named(error, slide);
  });
  try {
    await told;
    return await work();
  } finally {
    await held.release();
  }
};
