import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../modules/context.ts";
import { streamHdf5 } from "../modules/export/export.hdf5.ts";
import type { Shard } from "../modules/export/export.jobs.ts";
import { type OpenedExport, openExport, recordReading, requireExport } from "../modules/export/export.open.ts";
import { archivePath, BULK, manifestPath, shardPath, streamPath } from "../modules/export/export.service.ts";
import { streamArrow } from "../modules/export/export.stream.ts";
import { type ErrorCode, HistoError, isHistoError } from "../platform/errors.ts";
import type { SignedQuery } from "../platform/signing.ts";

/**
 * Exports under signed URLs. The signature says who may: the viewer whom `exportFeatures` gave it to. A response that cannot
 * be ended is broken off, so that no client takes a part for the whole.
 */

const STATUSES: Partial<Record<ErrorCode, number>> = {
  NOT_FOUND: 410,
  CONFLICT: 409,
  FORBIDDEN: 403,
  LIMIT_EXCEEDED: 503,
};

/** Each keeps some batches in memory, and the database busy. */
const MOST_STREAMS = 4;

const refuse = (reply: FastifyReply, { code, message, fix }: HistoError) => {
  if (code === "LIMIT_EXCEEDED") reply.header("retry-after", "5");
  return reply.code(STATUSES[code] ?? 400).send({ code, message, fix });
};

const busy = (): HistoError =>
  new HistoError("LIMIT_EXCEEDED", `${MOST_STREAMS} exports are being read already.`, {
    fix: "Try again when one of them has ended.",
  });

const notResumed = (): HistoError =>
  new HistoError("BAD_ARGUMENT", "An archive does not go on behind a patch.", {
    fix: "Leave `after` out; filter by slides for some of them.",
    path: ["after"],
  });

const forbidden = (): HistoError =>
  new HistoError("FORBIDDEN", "The link is invalid or has expired.", { fix: "Ask exportFeatures for a new one." });

/** A client may think about each batch, but one that takes nothing for so long keeps others out for nothing. */
const STALL_MS = 10 * 60 * 1000;

/** Resolves when the bytes have been handed to the operating system, so that their memory is free. */
const written = (response: ServerResponse, bytes: Uint8Array, stallMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const gone = () => reject(new DOMException("The client has gone.", "AbortError"));
    if (response.destroyed) return gone();
    response.once("close", gone);
    // As long as some bytes go, time begins anew; then the connection is cut.
    response.setTimeout(stallMs);
    response.write(bytes, (error) => {
      response.setTimeout(0);
      response.off("close", gone);
      if (error) reject(error);
      else resolve();
    });
  });

/** Without chunks, which HTTP 1.0 does not know and some proxies ask in, the connection's end is the answer's: only a reset is none. */
const breakOff = (response: ServerResponse): void => {
  if (!response.destroyed && !response.chunkedEncoding) response.socket?.resetAndDestroy();
  response.destroy();
};

const notWritten = (): HistoError =>
  new HistoError("CONFLICT", "The files of this export are not written yet.", {
    fix: "Wait until its job has succeeded, then open the same address.",
  });

type FileRequest = { Params: { id: string; number: string }; Querystring: SignedQuery };

/** The files of an export and the list of them, which names each with its digest and an address. */
const addFileRoutes = (server: FastifyInstance, app: App): void => {
  server.get<FileRequest>(`${BULK}/exports/:id/manifest.json`, async (request, reply) => {
    const { id } = request.params;
    reply.header("cache-control", "no-store");
    try {
      if (!app.signer.verify(manifestPath(id), request.query)) throw forbidden();
      const { row } = await requireExport(app, id);
      if (row.manifestDigest === null) throw notWritten();
      const manifest = JSON.parse((await app.artefacts.get(row.manifestDigest)).toString()) as { files: object[] };
      await recordReading(app, id);
      const base = `${request.protocol}://${request.host}`;
      const lifetime = Math.max(60, (row.expiresAt.getTime() - Date.now()) / 1000);
      const files = manifest.files.map((file, number) => ({
        ...file,
        url: `${base}${app.signer.sign(shardPath(id, number), lifetime)}`,
      }));
      return reply.send({ ...manifest, files });
    } catch (error) {
      if (isHistoError(error)) return refuse(reply, error);
      throw error;
    }
  });
  server.get<FileRequest>(`${BULK}/exports/:id/shards/:number.parquet`, async (request, reply) => {
    const { id, number } = request.params;
    try {
      if (!app.signer.verify(shardPath(id, Number(number)), request.query)) throw forbidden();
      const { row } = await requireExport(app, id);
      const shard = (row.shards as Shard[])[Number(number)];
      if (!shard) throw notWritten();
      return reply
        .type("application/vnd.apache.parquet")
        .headers({ "cache-control": "no-store", etag: `"${shard.sha256}"` })
        .send(await app.artefacts.get(shard.sha256));
    } catch (error) {
      if (isHistoError(error)) return refuse(reply, error);
      throw error;
    }
  });
};

type StreamRequest = { Params: { id: string }; Querystring: SignedQuery & { after?: string } };

type Sent = {
  path(id: string): string;
  type: string;
  name: string;
  /** Whether it can go on behind a patch. */
  resumes: boolean;
  make(
    found: Awaited<ReturnType<typeof requireExport>>,
    opened: OpenedExport,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array>;
};

/** @param stallMs after which a client that takes nothing is taken for gone */
export const addBulkRoutes = (
  server: FastifyInstance,
  app: App,
  { stallMs = STALL_MS }: { stallMs?: number | undefined } = {},
): void => {
  addFileRoutes(server, app);
  let streams = 0;
  const begin = (reply: FastifyReply): ServerResponse => {
    const { raw } = reply.hijack();
    raw.writeHead(200, reply.getHeaders() as OutgoingHttpHeaders);
    return raw;
  };
  const send = async (reply: FastifyReply, make: (signal: AbortSignal) => AsyncIterable<Uint8Array>): Promise<void> => {
    const raw = begin(reply);
    const gone = new AbortController();
    raw.once("close", () => gone.abort());
    try {
      for await (const piece of make(gone.signal)) await written(raw, piece, stallMs);
      raw.end();
    } catch (error) {
      if (!raw.destroyed) app.log.warn({ requestId: reply.request.id, err: error }, "an export broke off");
      breakOff(raw);
    }
  };
  /** Sends what an address stands for, made by `make` from the opened export. */
  const answer = async (
    { method, params: { id }, query }: FastifyRequest<StreamRequest>,
    reply: FastifyReply,
    { path, type, name, resumes, make }: Sent,
  ) => {
    reply.header("cache-control", "no-store");
    try {
      if (!app.signer.verify(path(id), query)) throw forbidden();
      if (!resumes && query.after !== undefined) throw notResumed();
      const found = await requireExport(app, id);
      if (streams >= MOST_STREAMS) throw busy();
      streams++;
      try {
        const opened = await openExport(app, found, query.after);
        reply.headers({
          "content-type": type,
          "content-disposition": `attachment; filename="${name}"`,
          "x-histoql-rows": String(opened.request.rows),
        });
        // Nobody would see the rows.
        if (method === "HEAD") return void begin(reply).end();
        await recordReading(app, id);
        await send(reply, (signal) => make(found, opened, signal));
      } finally {
        streams--;
      }
    } catch (error) {
      if (isHistoError(error)) return refuse(reply, error);
      throw error;
    }
  };
  server.get<StreamRequest>(`${BULK}/exports/:id.arrow`, (request, reply) =>
    answer(request, reply, {
      path: streamPath,
      type: "application/vnd.apache.arrow.stream",
      name: "features.arrow",
      resumes: true,
      make: (_, opened, signal) => streamArrow(app, opened, signal),
    }),
  );
  server.get<StreamRequest>(`${BULK}/exports/:id.tar`, (request, reply) =>
    answer(request, reply, {
      path: archivePath,
      type: "application/x-tar",
      name: "features.tar",
      // A slide's file would begin in the middle.
      resumes: false,
      make: (found, opened, signal) => streamHdf5(app, found, opened, signal),
    }),
  );
};
