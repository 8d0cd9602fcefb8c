import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { App } from "../modules/context.ts";
import { drawHeatmap, drawHeatmapTile, heatmapTilesDescriptor, readHead } from "../modules/mil/heatmap.ts";
import { drawGridMask } from "../modules/patch/coverage.ts";
import { drawExemplars } from "../modules/phenotype/contactSheet.ts";
import { drawPhenotypeMap, drawPhenotypeTile, phenotypeTilesDescriptor } from "../modules/phenotype/phenotypeMap.ts";
import { heatmapTilesPath, PICTURES, phenotypeTilesPath, tilesPath } from "../modules/pictures.ts";
import { isHistoError } from "../platform/errors.ts";
import { requireId } from "../platform/ids.ts";
import {
  deepZoomDescriptor,
  deepZoomTile,
  encodeJpeg,
  type OpenedSlide,
  readScaled,
  readThumbnail,
} from "../slides/index.ts";

/**
 * Pictures under signed URLs. Whoever holds a URL was given it by a resolver that had authorised him, so the signature is
 * all that is checked here. Slides are read through the readers, which know no label or macro image.
 */

type SlideParams = { slide: string };

const CACHE = "private, max-age=900";

const isSigned = (app: App, path: string, request: FastifyRequest): boolean =>
  app.signer.verify(path, request.query as Record<string, unknown>);

const pathOf = (request: FastifyRequest): string => request.url.split("?")[0] ?? "";

const forbid = (reply: FastifyReply) =>
  reply
    .code(403)
    .send({ code: "FORBIDDEN", message: "The link is invalid or has expired.", fix: "Ask the graph for a new one." });

/** Statuses of the failures that a picture can have; the body repeats code, message and fix. */
const statusOf = (code: string): number =>
  ({ NOT_FOUND: 404, FILE_NOT_FOUND: 404, SLIDE_HAS_NO_IMAGE: 404, BAD_ARGUMENT: 400 })[code] ?? 422;

const withSlide = async <Result>(
  app: App,
  id: string,
  use: (slide: OpenedSlide) => Promise<Result>,
): Promise<Result | null> => {
  const [studyKey, key] = requireId("Slide", id);
  const image = await app.prisma.slideImage.findFirst({
    where: { slide: { key: String(key), study: { key: String(studyKey) } } },
  });
  return image && app.openSlides.use(image, use);
};

/** Sends a picture, or says why there is none. */
const send = async (reply: FastifyReply, type: string, make: () => Promise<Buffer | string | null>) => {
  try {
    const body = await make();
    if (body === null) {
      return reply
        .code(404)
        .send({ code: "SLIDE_HAS_NO_IMAGE", message: "The slide has no image.", fix: "Register its file." });
    }
    return reply.header("cache-control", CACHE).type(type).send(body);
  } catch (error) {
    if (!isHistoError(error)) throw error;
    return reply.code(statusOf(error.code)).send({ code: error.code, message: error.message, fix: error.fix });
  }
};

const integers = (text: string): number[] | undefined => {
  const values = text.split(",").map(Number);
  return values.every(Number.isSafeInteger) ? values : undefined;
};

const drawRegion = (slide: OpenedSlide, region: string, maxPixels: number): Promise<Buffer> => {
  const [x = 0, y = 0, widthPixels = 1, heightPixels = 1] = integers(region) ?? [];
  const scale = Math.max(1, Math.max(widthPixels, heightPixels) / maxPixels);
  const outWidth = Math.max(1, Math.round(widthPixels / scale));
  const outHeight = Math.max(1, Math.round(heightPixels / scale));
  return readScaled(slide, { x, y, widthPixels, heightPixels }, outWidth, outHeight).then((pixels) =>
    encodeJpeg({ pixels, widthPixels: outWidth, heightPixels: outHeight }),
  );
};

type TileParams = { level: string; tile: string };

/** Level, column and row of a Deep Zoom tile's address. */
const tilePlace = ({ level, tile }: TileParams): [number, number, number] => {
  const [column, row] = tile
    .replace(/\.(jpe?g|png)$/, "")
    .split("_")
    .map(Number);
  return [Number(level), column ?? -1, row ?? -1];
};

type MapParams = SlideParams & { codebook: string };

const addPhenotypePictures = (server: FastifyInstance, app: App): void => {
  const mapOf = `${PICTURES}/codebooks/:codebook/slides/:slide`;
  server.get<{ Params: MapParams & { size: string } }>(`${mapOf}/map/:size.png`, (request, reply) => {
    if (!isSigned(app, pathOf(request), request)) return forbid(reply);
    const { codebook, slide, size } = request.params;
    return send(reply, "image/png", () => drawPhenotypeMap(app, codebook, slide, Number(size)));
  });
  server.get<{ Params: MapParams }>(`${mapOf}/tiles.dzi`, (request, reply) => {
    const { codebook, slide } = request.params;
    if (!isSigned(app, phenotypeTilesPath(codebook, slide), request)) return forbid(reply);
    return send(reply, "application/xml", () => phenotypeTilesDescriptor(app, codebook, slide));
  });
  server.get<{ Params: MapParams & TileParams }>(`${mapOf}/tiles_files/:level/:tile`, (request, reply) => {
    const { codebook, slide } = request.params;
    if (!isSigned(app, phenotypeTilesPath(codebook, slide), request)) return forbid(reply);
    return send(reply, "image/png", () => drawPhenotypeTile(app, codebook, slide, tilePlace(request.params)));
  });
  server.get<{ Params: { phenotype: string; count: string } }>(
    `${PICTURES}/phenotypes/:phenotype/exemplars/:count.jpg`,
    (request, reply) => {
      if (!isSigned(app, pathOf(request), request)) return forbid(reply);
      const { phenotype, count } = request.params;
      return send(reply, "image/jpeg", () => drawExemplars(app, phenotype, Number(count)));
    },
  );
};

type ScoreParams = SlideParams & { score: string };

const addMilPictures = (server: FastifyInstance, app: App): void => {
  const heatmapOf = `${PICTURES}/scores/:score/slides/:slide`;
  server.get<{ Params: ScoreParams }>(`${heatmapOf}/heatmap.png`, (request, reply) => {
    if (!isSigned(app, pathOf(request), request)) return forbid(reply);
    const { score, slide } = request.params;
    return send(reply, "image/png", () => drawHeatmap(app, score, slide));
  });
  server.get<{ Params: ScoreParams }>(`${heatmapOf}/tiles.dzi`, (request, reply) => {
    const { score, slide } = request.params;
    if (!isSigned(app, heatmapTilesPath(score, slide), request)) return forbid(reply);
    return send(reply, "application/xml", () => heatmapTilesDescriptor(app, score, slide));
  });
  server.get<{ Params: ScoreParams & TileParams }>(`${heatmapOf}/tiles_files/:level/:tile`, (request, reply) => {
    const { score, slide } = request.params;
    if (!isSigned(app, heatmapTilesPath(score, slide), request)) return forbid(reply);
    return send(reply, "image/png", () => drawHeatmapTile(app, score, slide, tilePlace(request.params)));
  });
  server.get<{ Params: { model: string } }>(`${PICTURES}/heads/:model/head.onnx`, (request, reply) => {
    if (!isSigned(app, pathOf(request), request)) return forbid(reply);
    return send(reply, "application/octet-stream", () => readHead(app, request.params.model));
  });
};

export const addPictureRoutes = (server: FastifyInstance, app: App): void => {
  server.get<{ Params: SlideParams & { size: string } }>(
    `${PICTURES}/slides/:slide/thumbnail/:size.jpg`,
    (request, reply) => {
      if (!isSigned(app, pathOf(request), request)) return forbid(reply);
      return send(reply, "image/jpeg", () =>
        withSlide(app, request.params.slide, async (slide) =>
          encodeJpeg(await readThumbnail(slide, Number(request.params.size))),
        ),
      );
    },
  );
  server.get<{ Params: SlideParams & { region: string; size: string } }>(
    `${PICTURES}/slides/:slide/regions/:region/:size.jpg`,
    (request, reply) => {
      if (!isSigned(app, pathOf(request), request)) return forbid(reply);
      return send(reply, "image/jpeg", () =>
        withSlide(app, request.params.slide, (slide) =>
          drawRegion(slide, request.params.region, Number(request.params.size)),
        ),
      );
    },
  );
  server.get<{ Params: SlideParams & { digest: string } }>(
    `${PICTURES}/slides/:slide/masks/:digest.png`,
    (request, reply) => {
      if (!isSigned(app, pathOf(request), request)) return forbid(reply);
      return send(reply, "image/png", async () => {
        const [studyKey, key] = requireId("Slide", request.params.slide);
        const grid = await app.prisma.patchGrid.findFirst({
          where: {
            digest: { startsWith: request.params.digest },
            slide: { key: String(key), study: { key: String(studyKey) } },
          },
        });
        return grid && drawGridMask(app, grid);
      });
    },
  );
  server.get<{ Params: SlideParams }>(`${PICTURES}/slides/:slide/tiles.dzi`, (request, reply) => {
    if (!isSigned(app, tilesPath(request.params.slide), request)) return forbid(reply);
    return send(reply, "application/xml", () =>
      withSlide(app, request.params.slide, async (slide) => deepZoomDescriptor(slide)),
    );
  });
  server.get<{ Params: SlideParams & { level: string; tile: string } }>(
    `${PICTURES}/slides/:slide/tiles_files/:level/:tile`,
    (request, reply) => {
      if (!isSigned(app, tilesPath(request.params.slide), request)) return forbid(reply);
      const [level, column, row] = tilePlace(request.params);
      return send(reply, "image/jpeg", () =>
        withSlide(app, request.params.slide, (slide) => deepZoomTile(slide, level, column, row)),
      );
    },
  );
  addPhenotypePictures(server, app);
  addMilPictures(server, app);
};
