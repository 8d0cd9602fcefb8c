import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { isHistoError } from "../platform/errors.ts";
import { type HostSettings, isAllowed, type RemoteAddress } from "../platform/hosts.ts";
import * as refusals from "./refusals.ts";
import { send } from "./request.ts";
import { readListing, s3Request } from "./s3.ts";

/** What a host says about a file; the tag (its strong ETag, else the time of its last change) tells one content from another. */
export type RemoteFile = { bytes: number; tag: string | undefined };

type S3Address = Extract<RemoteAddress, { kind: "s3" }>;

/** Reads files of the configured hosts. */
export type Remote = {
  /** @throws HistoError FILE_NOT_FOUND, FORBIDDEN, FORMAT_UNSUPPORTED */
  look(address: RemoteAddress, signal?: AbortSignal): Promise<RemoteFile>;
  /** The file from byte `from` on, where the host can do that and it still has the tag; else from its beginning. */
  open(
    address: RemoteAddress,
    part: { from: number; tag: string | undefined },
    signal?: AbortSignal,
  ): Promise<RemoteFile & { from: number; body: IncomingMessage }>;
  /** URLs of the files below an `s3://bucket/prefix/`, in the order of their keys. */
  list(address: S3Address, signal?: AbortSignal): Promise<string[]>;
};

/** A failure that may be gone the next time: the network's, or a host that is overloaded. */
export class TransientError extends Error {
  /** A code or a few words, which name no host. */
  readonly reason: string;

  constructor(reason: string) {
    super(`The host could not be read: ${reason}.`);
    this.name = "TransientError";
    this.reason = reason;
  }
}

const ATTEMPTS = 5;
/** With the waits between them about two minutes: time for a host to be started again. */
export const PATIENT_ATTEMPTS = 10;
/** Waits 0.2, 0.4, 0.8 … seconds. */
const FIRST_WAIT_MS = 200;

/**
 * Runs `work` until it succeeds, fails for good, or has failed transiently so many times without any progress.
 * @throws what the work throws, or what `giveUp` makes
 */
export const persist = async <Result>(
  work: (madeProgress: () => void) => Promise<Result>,
  {
    signal,
    attempts = ATTEMPTS,
    giveUp = refusals.unreachable,
  }: { signal?: AbortSignal | undefined; attempts?: number | undefined; giveUp?: (reason: string) => Error } = {},
): Promise<Result> => {
  for (let failures = 0; ; ) {
    try {
      return await work(() => {
        failures = 0;
      });
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      failures++;
      if (failures >= attempts) throw giveUp(error.reason);
      await delay(FIRST_WAIT_MS * 2 ** (failures - 1), undefined, { signal });
    }
  }
};

export const toTransient = (error: unknown, signal?: AbortSignal | undefined): unknown => {
  if (signal?.aborted) return signal.reason ?? error;
  if (isHistoError(error) || error instanceof TransientError) return error;
  // The message may name the host.
  return new TransientError((error as NodeJS.ErrnoException).code ?? "network");
};

const requireUsable = (answer: IncomingMessage, kind: RemoteAddress["kind"]): void => {
  const status = answer.statusCode ?? 0;
  if ([200, 206, 412, 416].includes(status)) return;
  answer.destroy();
  if (kind === "s3" && [301, 307, 400].includes(status)) throw refusals.notTakenThere(status);
  if (status >= 300 && status < 400) throw refusals.sentElsewhere();
  if (status === 401 || status === 403) throw refusals.notAllowedThere();
  if (status === 404 || status === 410) throw refusals.absent();
  if (status === 408 || status === 429 || status >= 500) throw new TransientError(`status ${status}`);
  throw refusals.unexpected(`answers with status ${status}`);
};

const MAX_TAG_CHARACTERS = 200;

const tagOf = ({ headers }: IncomingMessage): string | undefined => {
  const { etag } = headers;
  const tag = etag !== undefined && !etag.startsWith("W/") ? etag : headers["last-modified"];
  return tag !== undefined && tag.length <= MAX_TAG_CHARACTERS ? tag : undefined;
};

const whole = (number: string | undefined): number | undefined =>
  number !== undefined && /^\d{1,15}$/.test(number) ? Number(number) : undefined;

/** Where the answer's bytes begin, and how many the whole file has. */
const extentOf = (answer: IncomingMessage): { from: number; bytes: number } | undefined => {
  const { headers, statusCode } = answer;
  if (statusCode === 206) {
    const [, from, bytes] = /^bytes (\d+)-\d+\/(\d+)$/.exec(headers["content-range"] ?? "") ?? [];
    const range = { from: whole(from), bytes: whole(bytes) };
    return range.from === undefined || range.bytes === undefined ? undefined : { from: range.from, bytes: range.bytes };
  }
  if (statusCode === 416) {
    const bytes = whole(/^bytes \*\/(\d+)$/.exec(headers["content-range"] ?? "")?.[1]);
    return bytes === undefined ? undefined : { from: 0, bytes };
  }
  const bytes = whole(headers["content-length"]);
  return bytes === undefined ? undefined : { from: 0, bytes };
};

/** What an answer sends. @throws what `refuse` makes, where that is more than `most` bytes */
export const readBytes = async (
  answer: IncomingMessage,
  most = Number.POSITIVE_INFINITY,
  refuse: () => Error = () => new TransientError("more than was expected"),
): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > most) throw refuse();
  }
  return Buffer.concat(parts);
};

/** Of one address; a cohort is thousands. */
const MOST_LISTED = 100_000;
/** A page tells a thousand keys of a thousand bytes at most, three times as long when they are escaped. */
const MOST_PAGE_BYTES = 16 * 2 ** 20;

export const createRemote = (settings: HostSettings, mostListed = MOST_LISTED): Remote => {
  const get = async (
    address: RemoteAddress,
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> => {
    // Rows of the database name addresses too; what counts is what is configured now.
    if (!isAllowed(address, settings)) throw refusals.notConfigured();
    let asked: { url: URL; headers: OutgoingHttpHeaders };
    if (address.kind === "s3") {
      const { bucket, path: key } = address;
      asked = await s3Request(settings.s3, { method: "GET", bucket, key, headers });
    } else {
      const authorization = settings.authorizations.get(address.host);
      asked = {
        url: new URL(address.url),
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
      };
    }
    // Never signed: what stands before a bucket (Google's does) may write another.
    asked.headers["accept-encoding"] = "identity";
    try {
      const answer = await send({ method: "GET", ...asked, signal });
      requireUsable(answer, address.kind);
      const encoding = answer.headers["content-encoding"] ?? "identity";
      if (encoding === "identity" || encoding === "") return answer;
      answer.destroy();
      throw refusals.unexpected("compresses what it sends");
    } catch (error) {
      throw toTransient(error, signal);
    }
  };

  const extent = (answer: IncomingMessage) => {
    const found = extentOf(answer);
    if (found) return found;
    answer.destroy();
    throw refusals.unexpected("does not tell the file's length");
  };

  return {
    look: (address, signal) =>
      persist(
        async () => {
          // One byte instead of HEAD, which not every host answers; a host without ranges is broken off.
          const answer = await get(address, { range: "bytes=0-0" }, signal);
          const { bytes } = extent(answer);
          answer.destroy();
          return { bytes, tag: tagOf(answer) };
        },
        { signal },
      ),
    async open(address, { from, tag }, signal) {
      const isResumed = from > 0 && tag !== undefined;
      // S3 knows the first of the two conditions only, and not every web server the second.
      const condition = address.kind === "s3" ? "if-match" : "if-range";
      const asked: Record<string, string> = isResumed ? { range: `bytes=${from}-`, [condition]: tag } : {};
      const answer = await get(address, asked, signal);
      const now = tagOf(answer);
      const isWhole = answer.statusCode === 200;
      if (isWhole || answer.statusCode === 206) {
        const found = extent(answer);
        if (isWhole || (isResumed && found.from === from && now === tag)) return { ...found, tag: now, body: answer };
      }
      answer.destroy();
      if (isResumed) return this.open(address, { from: 0, tag: undefined }, signal);
      throw refusals.unexpected("sends a part where the whole was asked for");
    },
    async list(address, signal) {
      if (!isAllowed(address, settings)) throw refusals.notConfigured();
      const { bucket, path } = address;
      const keys: string[] = [];
      let next: string | undefined;
      do {
        const query = {
          "list-type": "2",
          "encoding-type": "url",
          prefix: path,
          ...(next !== undefined && { "continuation-token": next }),
        };
        const page = await persist(
          async () => {
            const asked = await s3Request(settings.s3, { method: "GET", bucket, key: "", query });
            try {
              const answer = await send({ method: "GET", ...asked, signal });
              requireUsable(answer, "s3");
              const page = await readBytes(answer, MOST_PAGE_BYTES, () => refusals.tooManyListed(mostListed));
              return readListing(page.toString("utf8"));
            } catch (error) {
              throw toTransient(error, signal);
            }
          },
          { signal },
        );
        keys.push(...page.keys);
        if (keys.length > mostListed || (page.next !== undefined && page.next === next)) {
          throw refusals.tooManyListed(mostListed);
        }
        next = page.next;
      } while (next !== undefined);
      return keys.map((key) => `s3://${bucket}/${key}`);
    },
  };
};
