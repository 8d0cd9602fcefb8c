import { HistoError } from "../platform/errors.ts";
import { encodeId, requireId } from "../platform/ids.ts";
import type { MilModel, MilScore, PatchGrid, Slide } from "../store/generated/client.ts";
import { gridIdOf, type PatchRow } from "../store/patches.ts";
import type { GraphQLContext } from "./context.ts";
import { requireHeatmap } from "./mil/attention.service.ts";
import { idOfMilModel, idOfMilScore } from "./mil/mil.service.ts";
import { gridPart } from "./patch/patch.service.ts";
import { idOfCodebook, idOfPhenotype, requireCodebook } from "./phenotype/phenotype.service.ts";
import type { CodebookMapper, PhenotypeMapper } from "./phenotype/schema.mappers.ts";

/**
 * Signed URLs of pictures. Made only by resolvers, that is for a viewer who was allowed to read the slide; the routes in
 * `src/server/pictures.ts` check the signature and nothing else. Never a label or macro image.
 */

export const PICTURES = "/pictures";
const MAX_PICTURE_PIXELS = 4096;
const MAX_CONTEXT_MICRONS = 10_000;

const requireRange = (name: string, value: number, minimum: number, maximum: number): void => {
  if (Number.isFinite(value) && value >= minimum && value <= maximum) return;
  throw new HistoError("BAD_ARGUMENT", `${name}: ${value} is not between ${minimum} and ${maximum}.`, { path: [name] });
};

const signed = ({ app, baseUrl }: GraphQLContext, path: string): string => `${baseUrl}${app.signer.sign(path)}`;

const slideIdOf = async ({ loaders }: GraphQLContext, slideId: number): Promise<string> => {
  const slide = await loaders.slide.load(slideId);
  return encodeId("Slide", (await loaders.study.load(slide.studyId)).key, slide.key);
};

export const thumbnailUrl = async (context: GraphQLContext, slideId: number, maxPixels: number): Promise<string> => {
  requireRange("maxPixels", maxPixels, 16, MAX_PICTURE_PIXELS);
  return signed(context, `${PICTURES}/slides/${await slideIdOf(context, slideId)}/thumbnail/${maxPixels}.jpg`);
};

/** Where a slide's Deep Zoom pyramid lies: the descriptor is `<this>.dzi`, its tiles are in `<this>_files/`. */
export const tilesPath = (slideId: string): string => `${PICTURES}/slides/${slideId}/tiles`;

/** The signature is that of the pyramid's common path, so that one URL opens the descriptor and every tile. */
export const tilesUrl = async (context: GraphQLContext, slideId: number): Promise<string> => {
  const path = tilesPath(await slideIdOf(context, slideId));
  return signed(context, path).replace("?", ".dzi?");
};

export const maskUrl = async (context: GraphQLContext, grid: PatchGrid): Promise<string> =>
  signed(context, `${PICTURES}/slides/${await slideIdOf(context, grid.slideId)}/masks/${gridPart(grid)}.png`);

/** The patch with `contextMicrons` of its surroundings on every side; null while the slide has no image. */
export const patchImageUrl = async (
  context: GraphQLContext,
  patch: PatchRow,
  contextMicrons: number,
  maxPixels: number,
): Promise<string | null> => {
  requireRange("contextMicrons", contextMicrons, 0, MAX_CONTEXT_MICRONS);
  requireRange("maxPixels", maxPixels, 16, MAX_PICTURE_PIXELS);
  const grid = await context.loaders.grid.load(gridIdOf(patch.id));
  if (!(await context.loaders.slideImage.load(grid.slideId))) return null;
  const marginX = Math.round(contextMicrons / grid.micronsPerPixelX);
  const marginY = Math.round(contextMicrons / grid.micronsPerPixelY);
  const region = [patch.x - marginX, patch.y - marginY, grid.sizeX + 2 * marginX, grid.sizeY + 2 * marginY].join(",");
  return signed(
    context,
    `${PICTURES}/slides/${await slideIdOf(context, grid.slideId)}/regions/${region}/${maxPixels}.jpg`,
  );
};

/** The codebook, where it has assigned patches of the slide; null where it has not, or the slide has no image. */
const findMapped = async (
  context: GraphQLContext,
  slide: Slide,
  codebookId: string,
): Promise<CodebookMapper | null> => {
  const codebook = await requireCodebook(context, codebookId);
  if (codebook.build.studyId !== slide.studyId)
    throw new HistoError("BAD_ARGUMENT", "The codebook is of another study; nothing crosses studies.", {
      fix: "Take a codebook of the same study.",
      path: ["codebook"],
    });
  const [shares, image] = await Promise.all([
    context.loaders.shares.load({ unit: "slide", codebookId: codebook.id, id: slide.id }),
    context.loaders.slideImage.load(slide.id),
  ]);
  return shares.length > 0 && image ? codebook : null;
};

const mapPath = (codebookId: string, slideId: string): string =>
  `${PICTURES}/codebooks/${codebookId}/slides/${slideId}/map`;

/** The slide with its phenotypes coloured; null where there is nothing to colour. */
export const phenotypeMapUrl = async (
  context: GraphQLContext,
  slide: Slide,
  codebookId: string,
  maxPixels: number,
): Promise<string | null> => {
  requireRange("maxPixels", maxPixels, 64, MAX_PICTURE_PIXELS);
  const codebook = await findMapped(context, slide, codebookId);
  if (!codebook) return null;
  const path = mapPath(await idOfCodebook(context, codebook), await slideIdOf(context, slide.id));
  return signed(context, `${path}/${maxPixels}.png`);
};

/** Where the tiles of a slide's phenotypes lie, as with `tilesPath`. */
export const phenotypeTilesPath = (codebookId: string, slideId: string): string =>
  `${PICTURES}/codebooks/${codebookId}/slides/${slideId}/tiles`;

/** One URL for the descriptor and every tile of a slide's phenotypes; null where there is nothing to colour. */
export const phenotypeTilesUrl = async (
  context: GraphQLContext,
  slide: Slide,
  codebookId: string,
): Promise<string | null> => {
  const codebook = await findMapped(context, slide, codebookId);
  if (!codebook) return null;
  const path = phenotypeTilesPath(await idOfCodebook(context, codebook), await slideIdOf(context, slide.id));
  return signed(context, path).replace("?", ".dzi?");
};

const EXEMPLARS = 12;

export const exemplarsUrl = async (context: GraphQLContext, phenotype: PhenotypeMapper): Promise<string> =>
  signed(context, `${PICTURES}/phenotypes/${await idOfPhenotype(context, phenotype)}/exemplars/${EXEMPLARS}.jpg`);

/** Where the pictures of a score's attention on a slide lie. */
const heatmapPath = (scoreId: string, slideId: string): string => `${PICTURES}/scores/${scoreId}/slides/${slideId}`;

/** Where the tiles of a score's attention lie, as with `tilesPath`. */
export const heatmapTilesPath = (scoreId: string, slideId: string): string => `${heatmapPath(scoreId, slideId)}/tiles`;

const requireHeatmapOf = async (context: GraphQLContext, score: MilScore, slideId: string): Promise<string> => {
  await requireHeatmap(context, score, String(requireId("Slide", slideId, ["slide"])[1]));
  return idOfMilScore(context, score);
};

/** The slide with the attention of its patches coloured. */
export const heatmapUrl = async (context: GraphQLContext, score: MilScore, slideId: string): Promise<string> =>
  signed(context, `${heatmapPath(await requireHeatmapOf(context, score, slideId), slideId)}/heatmap.png`);

/** One URL for the descriptor and every tile of the attention on a slide. */
export const heatmapTilesUrl = async (context: GraphQLContext, score: MilScore, slideId: string): Promise<string> =>
  signed(context, heatmapTilesPath(await requireHeatmapOf(context, score, slideId), slideId)).replace("?", ".dzi?");

/** A head's ONNX file. */
export const headUrl = async (context: GraphQLContext, model: MilModel): Promise<string> =>
  signed(context, `${PICTURES}/heads/${await idOfMilModel(context, model)}/head.onnx`);
