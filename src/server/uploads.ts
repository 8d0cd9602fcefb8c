import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../modules/context.ts";
import { receiveUpload, UPLOADS, uploadPath } from "../modules/upload/upload.service.ts";
import { type ErrorCode, isHistoError } from "../platform/errors.ts";

/** Bytes by PUT to a signed URL, straight to disk. The signature says who may: the viewer whom `createUpload` gave it to. */

const STATUSES: Partial<Record<ErrorCode, number>> = { NOT_FOUND: 410, CONFLICT: 409, FORBIDDEN: 403 };

const answer = (
  reply: FastifyReply,
  status: number,
  body: { code: string; message: string; fix: string | undefined },
) =>
  // What was not read of the body would be taken for the next request.
  reply.code(status).header("connection", "close").send(body);

const announcedBytes = ({ headers }: FastifyRequest): number | undefined => {
  const length = headers["content-length"];
  return length === undefined ? undefined : Number(length);
};

export const addUploadRoutes = (server: FastifyInstance, app: App): void => {
  server.register(async (scope) => {
    // The body stays a stream, whatever the client calls it.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.put<{ Params: { id: string } }>(
      `${UPLOADS}/:id`,
      { bodyLimit: app.config.maxUploadBytes },
      async (request, reply) => {
        const { id } = request.params;
        if (!app.signer.verify(uploadPath(id), request.query as Record<string, unknown>)) {
          const fix = "Make another upload with createUpload.";
          return answer(reply, 403, { code: "FORBIDDEN", message: "The link is invalid or has expired.", fix });
        }
        try {
          await receiveUpload(app, id, request.raw, announcedBytes(request));
          return reply.code(204).send();
        } catch (error) {
          // A client that went away in the middle gets no answer; what it had sent is removed.
          if (request.raw.socket.destroyed) return reply.hijack();
          if (!isHistoError(error)) throw error;
          const { code, message, fix } = error;
          return answer(reply, STATUSES[code] ?? 400, { code, message, fix });
        }
      },
    );
  });
};
