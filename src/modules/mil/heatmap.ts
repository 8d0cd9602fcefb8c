import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import {
  type CellClasses,
  drawOverlayMap,
  type LegendEntry,
  overlayDescriptor,
  overlayTile,
  readThumbnail,
} from "../../slides/index.ts";
import type { App } from "../context.ts";
import { isOfAnotherFile } from "../patch/patch.lineage.ts";
import { classesOfPatches } from "../patch/patchClasses.ts";
import { type BagAttention, bagAttention, scoredPatchIds } from "./attention.ts";
import { PERCENTILES } from "./percentiles.ts";

/**
 * Pictures of a score's attention. Whoever asks holds a signed address, which was made for somebody who may read the study;
 * nothing is authorised here.
 */

type Rgb = LegendEntry["colour"];

/** From dark violet over red to pale yellow: lightness rises all the way, so that it reads without colours too. */
const ANCHORS: readonly Rgb[] = [
  { red: 36, green: 18, blue: 84 },
  { red: 120, green: 28, blue: 109 },
  { red: 202, green: 62, blue: 72 },
  { red: 244, green: 140, blue: 40 },
  { red: 252, green: 240, blue: 150 },
];

const between = (from: number, to: number, share: number): number => Math.round(from + (to - from) * share);

/** One colour for each percentile. */
export const attentionColours = (): Rgb[] =>
  Array.from({ length: PERCENTILES }, (_, index) => {
    const place = (index / (PERCENTILES - 1)) * (ANCHORS.length - 1);
    const below = Math.min(ANCHORS.length - 2, Math.floor(place));
    const [from, to] = [ANCHORS[below] as Rgb, ANCHORS[below + 1] as Rgb];
    const share = place - below;
    return {
      red: between(from.red, to.red, share),
      green: between(from.green, to.green, share),
      blue: between(from.blue, to.blue, share),
    };
  });

const MAP_PIXELS = 1024;

/** What is needed of a score, by the parts of its id. */
export const scoreWhere = (parts: readonly (string | number)[]) => {
  const [studyKey, modelKey, patientKey, scoredSlide, fold] = parts as [string, string, string, string, number];
  return {
    model: { key: modelKey, study: { key: studyKey } },
    patient: { key: patientKey },
    ...(scoredSlide === "" ? { slideId: null } : { slide: { key: scoredSlide } }),
    fold: fold < 0 ? null : fold,
  };
};

/** A slide of a score's bag; null when it has no image. */
const findScored = async (app: App, scoreId: string, slideId: string) => {
  const [studyKey, slideKey] = requireId("Slide", slideId).map(String) as [string, string];
  const score = await app.prisma.milScore.findFirst({
    where: scoreWhere(requireId("MilScore", scoreId)),
    include: { model: { include: { featureSet: true } }, patient: true },
  });
  const bag = score && (await bagAttention(app, score));
  const slide = await app.prisma.slide.findFirst({
    where: { key: slideKey, study: { key: studyKey } },
    include: { image: true },
  });
  const part = bag?.slides.find((each) => each.slideId === slide?.id);
  const grid = part && (await app.prisma.patchGrid.findUnique({ where: { id: part.gridId } }));
  if (!score || !bag || !slide || !part || !grid) {
    throw new HistoError("NOT_FOUND", "The score has no attention on this slide.", {
      fix: "Ask the graph for heatmapUrl again.",
    });
  }
  return slide.image && { score, bag, slide, image: slide.image, part, grid };
};
type Scored = NonNullable<Awaited<ReturnType<typeof findScored>>>;

const classesOf = async (app: App, { score, bag, part, grid }: Scored): Promise<CellClasses> => {
  const ids = await scoredPatchIds(app, score, score.model.featureSetId, part);
  return classesOfPatches(app, grid, ids, bag.percentiles.subarray(part.first, part.first + part.patches));
};

const raw = (value: number): string => (value === 0 ? "0" : value.toExponential(2));

/** Tenths of the bag's patches with the raw weights at their ends, and the share of the attention that they hold. */
export const legendOf = ({ deciles }: Pick<BagAttention, "deciles">): LegendEntry[] => {
  const colours = attentionColours();
  return deciles.map(({ index, least, most, share }) => ({
    colour: colours[index * 10 + 5] as Rgb,
    name: raw(least) === raw(most) ? raw(least) : `${raw(least)} to ${raw(most)}`,
    share,
  }));
};

const predictionText = ({ score }: Scored): string => {
  if (score.risk !== null) return `risk ${score.risk.toPrecision(4)}`;
  if (score.value !== null) return `value ${score.value.toPrecision(4)}`;
  const probabilities = Object.entries((score.probabilities ?? {}) as Record<string, number>);
  const best = probabilities.sort(([, a], [, b]) => b - a)[0];
  return best ? `${best[0]} ${(100 * best[1]).toFixed(0)} %` : "";
};

const subtitleOf = (scored: Scored): string => {
  const { score, image, grid } = scored;
  const origin = score.fold === null ? (score.isOutOfFold ? "external" : "trained on") : `fold ${score.fold}`;
  return [
    `${score.model.key}, ${score.patient.key}, ${predictionText(scored)}, ${origin}`,
    "colour: percentile of attention in the bag; legend: raw weights, share of attention",
    ...(isOfAnotherFile(grid, image) ? ["STALE: the slide's file has changed"] : []),
  ].join(" · ");
};

/** The slide with the percentile of every patch's attention, a legend with raw values and a scale bar, as PNG. */
export const drawHeatmap = async (app: App, scoreId: string, slideId: string): Promise<Buffer | null> => {
  const scored = await findScored(app, scoreId, slideId);
  if (!scored) return null;
  const { image, grid, bag, slide } = scored;
  return drawOverlayMap({
    underlay: await app.openSlides.use(image, (opened) => readThumbnail(opened, MAP_PIXELS)),
    slide: image,
    micronsPerPixel: { x: grid.micronsPerPixelX, y: grid.micronsPerPixelY },
    classes: await classesOf(app, scored),
    colours: attentionColours(),
    title: `Attention on ${slide.key}`,
    subtitle: subtitleOf(scored),
    legend: legendOf(bag),
  });
};

/** The Deep Zoom descriptor of a score's attention on a slide; null without an image. */
export const heatmapTilesDescriptor = async (app: App, scoreId: string, slideId: string): Promise<string | null> => {
  const scored = await findScored(app, scoreId, slideId);
  return scored && overlayDescriptor(scored.image);
};

/** One tile of a score's attention, as PNG; null without an image. @throws HistoError NOT_FOUND when there is no such tile */
export const drawHeatmapTile = async (
  app: App,
  scoreId: string,
  slideId: string,
  [level, column, row]: readonly [number, number, number],
): Promise<Buffer | null> => {
  const scored = await findScored(app, scoreId, slideId);
  if (!scored) return null;
  return overlayTile(await classesOf(app, scored), scored.image, level, column, row, attentionColours());
};

/** A model's ONNX file. */
export const readHead = async (app: App, modelId: string): Promise<Buffer> => {
  const [studyKey, key] = requireId("MilModel", modelId).map(String) as [string, string];
  const model = await app.prisma.milModel.findFirst({ where: { key, study: { key: studyKey } } });
  if (model) return app.artefacts.get(model.onnxDigest);
  throw new HistoError("NOT_FOUND", "The model was deleted.", { fix: "Train or import it again." });
};
