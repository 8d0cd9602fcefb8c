import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { App } from "../modules/context.ts";
import { geoJsonPath, NONE } from "../modules/export/gridGeoJson.service.ts";
import { openGridGeoJson } from "../modules/export/gridGeoJson.ts";
import { type ErrorCode, HistoError, isHistoError } from "../platform/errors.ts";
import type { SignedQuery } from "../platform/signing.ts";

/**
 * Grids as GeoJSON under signed URLs. The signature says who may: the viewer whom the graph gave it to. A response that
 * cannot be ended is broken off, and then is no JSON.
 */

type GeoJsonParams = { slide: string; digest: string; codebook: string; score: string; origin: string };

const STATUSES: Partial<Record<ErrorCode, number>> = { FORBIDDEN: 403, NOT_FOUND: 404, CONFLICT: 409 };

const forbidden = (): HistoError =>
  new HistoError("FORBIDDEN", "The link is invalid or has expired.", { fix: "Ask the graph for a new one." });

export const addGeoJsonRoutes = (server: FastifyInstance, app: App): void => {
  const logged = async function* (text: AsyncIterable<string>): AsyncGenerator<string> {
    try {
      yield* text;
    } catch (error) {
      app.log.warn({ err: error }, "a GeoJSON file broke off");
      throw error;
    }
  };
  const path = geoJsonPath(":slide", ":digest", ":codebook", ":score", ":origin");
  server.get<{ Params: GeoJsonParams; Querystring: SignedQuery }>(path, async (request, reply) => {
    const { slide, digest, codebook, score, origin } = request.params;
    try {
      if (!app.signer.verify(geoJsonPath(slide, digest, codebook, score, origin), request.query)) throw forbidden();
      const { slideKey, text } = await openGridGeoJson(app, {
        slideId: slide,
        digest,
        codebookId: codebook === NONE ? null : codebook,
        scoreId: score === NONE ? null : score,
        fromBounds: origin === "bounds",
      });
      return reply
        .type("application/geo+json")
        .headers({
          "cache-control": "no-store",
          "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(slideKey)}.geojson`,
        })
        .send(Readable.from(logged(text)));
    } catch (error) {
      if (!isHistoError(error)) throw error;
      const { code, message, fix } = error;
      return reply.code(STATUSES[code] ?? 400).send({ code, message, fix });
    }
  });
};
