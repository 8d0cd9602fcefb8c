import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply } from "fastify";
import { encodeArrow } from "../formats/arrow.ts";
import type { App } from "../modules/context.ts";
import { openExport, recordReading, requireExport } from "../modules/export/export.open.ts";
import { BULK, streamPath } from "../modules/export/export.service.ts";
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

const forbidden = (): HistoError =>
  new HistoError("FORBIDDEN", "The link is invalid or has expired.", { fix: "Ask exportFeatures for a new one." });

type StreamRequest = { Params: { id: string }; Querystring: SignedQuery & { after?: string } };

export const addBulkRoutes = (server: FastifyInstance, app: App): void => {
  let streams = 0;
  const logged = async function* (bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      app.log.warn({ err: error }, "an export broke off");
      throw error;
    }
  };
  server.get<StreamRequest>(`${BULK}/exports/:id.arrow`, async (request, reply) => {
    const { id } = request.params;
    reply.header("cache-control", "no-store");
    try {
      if (!app.signer.verify(streamPath(id), request.query)) throw forbidden();
      const found = await requireExport(app, id);
      if (streams >= MOST_STREAMS) throw busy();
      const { table, rows, batches } = await openExport(app, found, request.query.after);
      await recordReading(app, id);
      streams++;
      reply.raw.once("close", () => {
        streams--;
      });
      return reply
        .type("application/vnd.apache.arrow.stream")
        .headers({ "content-disposition": 'attachment; filename="features.arrow"', "x-histoql-rows": String(rows) })
        .send(Readable.from(logged(encodeArrow(table, batches()))));
    } catch (error) {
      if (isHistoError(error)) return refuse(reply, error);
      throw error;
    }
  });
};
