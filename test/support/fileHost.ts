import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { whyRefused } from "./sigV4.ts";

/** What a host does wrong, until it is told otherwise. */
export type Faults = {
  /** Breaks the connection off after so many bytes of each answer. */
  breakAfterBytes?: number | undefined;
  /** Answers nothing but this. */
  status?: number | undefined;
  location?: string | undefined;
  /** Waits so long before each 64 KiB. */
  delayMs?: number | undefined;
  /** Knows no `Range`. */
  withoutRanges?: boolean | undefined;
  /** Keeps its word about the content, but sends this. */
  sends?: Buffer | undefined;
  /** Lists the first page of a bucket over and over. */
  repeatsPage?: boolean | undefined;
};

/**
 * A web server with files, or a small S3: it checks Signature Version 4 itself, lists in pages of two, takes objects, and
 * knows `Range`, `If-Range` and `If-Match`. On 127.0.0.1 only.
 */
export type FileHost = {
  /** `http://127.0.0.1:port` */
  origin: string;
  /** By path, as `/folder/file`, of S3 `/bucket/key`; not escaped. */
  files: Map<string, Buffer>;
  faults: Faults;
  /** What was asked, as `GET /path`, in order. */
  asked: string[];
  /** Bytes of bodies that were sent. */
  sentBytes(): number;
  close(): Promise<void>;
};

export type FileHostOptions = {
  s3?: { accessKeyId: string; secretAccessKey: string };
  /** The Authorization header that it demands. */
  authorization?: string;
};

const PAGE = 2;
const PIECE = 64 * 1024;

const etagOf = (bytes: Buffer): string => `"${createHash("md5").update(bytes).digest("hex")}"`;

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
};

const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A page of ListObjectsV2. */
const listing = (files: ReadonlyMap<string, Buffer>, bucket: string, query: URLSearchParams): string => {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? "";
  const keys = [...files.keys()]
    .filter((path) => path.startsWith(`${bucket}/`))
    .map((path) => path.slice(bucket.length + 1))
    .filter((key) => key.startsWith(prefix) && key > after)
    .sort();
  const page = keys.slice(0, PAGE);
  const isCut = keys.length > PAGE;
  const contents = page.map((key) => `<Contents><Key>${xml(encodeURIComponent(key))}</Key><Size>1</Size></Contents>`);
  const next = isCut ? `<NextContinuationToken>${xml(page.at(-1) ?? "")}</NextContinuationToken>` : "";
  return `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${isCut}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
};

export const startFileHost = async ({ s3, authorization }: FileHostOptions = {}): Promise<FileHost> => {
  const files = new Map<string, Buffer>();
  const faults: Faults = {};
  const asked: string[] = [];
  let sentBytes = 0;

  const sendBody = async (response: ServerResponse, body: Buffer): Promise<void> => {
    const { breakAfterBytes = Number.POSITIVE_INFINITY, delayMs } = faults;
    for (let from = 0; from < body.length; from += PIECE) {
      if (delayMs !== undefined) await new Promise((wake) => setTimeout(wake, delayMs));
      const piece = body.subarray(from, Math.min(from + PIECE, breakAfterBytes));
      sentBytes += piece.length;
      await new Promise((done) => response.write(piece, done));
      if (from + PIECE >= breakAfterBytes) return void response.socket?.destroy();
      if (response.destroyed) return;
    }
    response.end();
  };

  const sendFile = async (request: IncomingMessage, response: ServerResponse, path: string): Promise<void> => {
    const file = files.get(path);
    if (!file) return void response.writeHead(404).end();
    const etag = etagOf(file);
    const body = faults.sends ?? file;
    const { range, "if-range": ifRange, "if-match": ifMatch } = request.headers;
    if (ifMatch !== undefined && ifMatch !== etag) return void response.writeHead(412).end();
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    if (first === undefined || faults.withoutRanges || (ifRange !== undefined && ifRange !== etag)) {
      response.writeHead(200, { etag, "content-length": body.length });
      return request.method === "HEAD" ? void response.end() : sendBody(response, body);
    }
    const from = Number(first);
    if (from >= body.length) return void response.writeHead(416, { "content-range": `bytes */${body.length}` }).end();
    const to = last === undefined || last === "" ? body.length - 1 : Math.min(Number(last), body.length - 1);
    const headers = { etag, "content-range": `bytes ${from}-${to}/${body.length}`, "content-length": to - from + 1 };
    response.writeHead(206, headers);
    await sendBody(response, body.subarray(from, to + 1));
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = "", url = "", headers } = request;
    const body = await readBody(request);
    asked.push(`${method} ${url}`);
    if (faults.status !== undefined) {
      return void response.writeHead(faults.status, faults.location ? { location: faults.location } : {}).end();
    }
    if (authorization !== undefined && headers.authorization !== authorization)
      return void response.writeHead(401).end();
    if (s3) {
      // As the balancers of some S3-compatible stores do, before the signature is looked at.
      const passedOn = { ...(headers as Record<string, string | undefined>), "accept-encoding": "gzip" };
      const signed = { method, url, headers: passedOn };
      const isOwner = headers.authorization?.includes(`Credential=${s3.accessKeyId}/`) === true;
      const refusal = isOwner ? whyRefused(signed, body, s3.secretAccessKey) : "InvalidAccessKeyId";
      if (refusal) return void response.writeHead(403).end(`<Error><Code>${refusal}</Code></Error>`);
    }
    const { pathname, searchParams } = new URL(url, "http://127.0.0.1");
    const path = decodeURIComponent(pathname);
    if (method === "PUT") {
      files.set(path, body);
      return void response.writeHead(200).end();
    }
    if (method === "DELETE") {
      files.delete(path);
      return void response.writeHead(204).end();
    }
    if (s3 && searchParams.has("list-type")) {
      if (faults.repeatsPage) searchParams.delete("continuation-token");
      return void response.writeHead(200).end(listing(files, path.replace(/\/$/, ""), searchParams));
    }
    await sendFile(request, response, path);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    faults,
    asked,
    sentBytes: () => sentBytes,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};
