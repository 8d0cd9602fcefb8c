import { authorize } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import { encodeId } from "../../platform/ids.ts";
import type { PatchGrid } from "../../store/generated/client.ts";
import type { GraphQLContext } from "../context.ts";
import { idOfMilScore, requireMilScore } from "../mil/mil.service.ts";
import { gridPart } from "../patch/patch.service.ts";
import { idOfCodebook, requireCodebook } from "../phenotype/phenotype.service.ts";
import { BULK } from "./export.service.ts";

/** What stands in an address for a codebook or a score that was not asked for. */
export const NONE = "-";

/** The path of a grid's GeoJSON, whose every part is signed. */
export const geoJsonPath = (
  slideId: string,
  digest: string,
  codebookId: string,
  scoreId: string,
  origin: string,
): string => `${BULK}/slides/${slideId}/grids/${digest}/${codebookId}/${scoreId}/${origin}.geojson`;

type GeoJsonArguments = {
  codebook?: string | null | undefined;
  score?: string | null | undefined;
  fromBounds: boolean;
};

const refuse = (field: string, message: string, fix: string): HistoError =>
  new HistoError("BAD_ARGUMENT", message, { fix, path: [field] });

/** The id of a codebook that has assigned the grid's patches. */
const requireAssigned = async (context: GraphQLContext, grid: PatchGrid, id: string): Promise<string> => {
  const codebook = await requireCodebook(context, id);
  const assigned = await context.app.prisma.codebookSlide.findFirst({
    where: { codebookId: codebook.id, slideId: grid.slideId, gridId: grid.id },
  });
  if (assigned) return idOfCodebook(context, codebook);
  throw refuse(
    "codebook",
    "The codebook has no patches of this grid.",
    "Take a codebook of the feature set that was embedded on this grid.",
  );
};

/** The id of a score whose bag holds the grid's patches, with attention. */
const requireAttention = async (context: GraphQLContext, grid: PatchGrid, id: string): Promise<string> => {
  const score = await requireMilScore(context, id);
  const slides = await context.loaders.scoredSlides.load(score.id);
  if (score.attentionDigest !== null && slides.some(({ gridId }) => gridId === grid.id)) {
    return idOfMilScore(context, score);
  }
  throw refuse(
    "score",
    "The score has no attention on this grid.",
    "Take a score of the slide's patient whose head gives attention, on the feature set of this grid.",
  );
};

/**
 * The signed address of a grid's GeoJSON.
 * @throws HistoError NOT_FOUND, FORBIDDEN, BAD_ARGUMENT when codebook or score have nothing on this grid
 */
export const geoJsonUrl = async (
  context: GraphQLContext,
  grid: PatchGrid,
  { codebook, score, fromBounds }: GeoJsonArguments,
): Promise<string> => {
  const { app, loaders, viewer, baseUrl } = context;
  const slide = await loaders.slide.load(grid.slideId);
  const study = await loaders.study.load(slide.studyId);
  authorize(viewer, "study:read", study.key);
  const [codebookId, scoreId] = await Promise.all([
    codebook == null ? NONE : requireAssigned(context, grid, codebook),
    score == null ? NONE : requireAttention(context, grid, score),
  ]);
  const slideId = encodeId("Slide", study.key, slide.key);
  const path = geoJsonPath(slideId, gridPart(grid), codebookId, scoreId, fromBounds ? "bounds" : "image");
  return `${baseUrl}${app.signer.sign(path)}`;
};
