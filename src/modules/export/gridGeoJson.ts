import { encodeFeatureCollection, type GeoFeature, polygon, rectangle } from "../../formats/geoJson.ts";
import { HistoError } from "../../platform/errors.ts";
import { encodeId, requireId } from "../../platform/ids.ts";
import { classColours, outlinesOfMask, type SlideRectangle } from "../../slides/index.ts";
import { readAssigned } from "../../store/assignments.ts";
import type { PatchGrid, SlideImage } from "../../store/generated/client.ts";
import { type PatchRow, readPatchPage } from "../../store/patches.ts";
import type { App } from "../context.ts";
import { scoreWhere } from "../mil/heatmap.ts";
import { gridPart } from "../patch/patch.service.ts";
import { codebookWhere } from "../phenotype/phenotypeMap.ts";
import { phenotypeLabel } from "../phenotype/sharedPhenotype.ts";
import { attentionOfPatches } from "./attentionOfPatches.ts";
import { readAttention } from "./export.attention.ts";

/**
 * Tissue and patches of a grid as GeoJSON in the terms of QuPath 0.4 and later: `objectType`, `classification` with a colour
 * `[red, green, blue]`, `measurements` by name, `metadata`. Whoever asks holds a signed address, which was made for somebody
 * who may read the study; nothing is authorised here.
 */

export type GridGeoJsonRequest = {
  slideId: string;
  digest: string;
  codebookId: string | null;
  scoreId: string | null;
  /** Whether (0, 0) is the corner of the scanned area, where the file tells one. */
  fromBounds: boolean;
};

type PhenotypeOf = (patchIds: number[]) => Promise<(Classification | undefined)[]>;
type Classification = { name: string; color: [red: number, green: number, blue: number] };
type Origin = { x: number; y: number };

const PATCHES_PER_BATCH = 5000;
const TISSUE: Classification = { name: "Tissue", color: [150, 150, 150] };
/** Digits that a single-precision number has. */
const DIGITS = 7;

const gone = (what: string): HistoError =>
  new HistoError("NOT_FOUND", `${what} was deleted or made anew.`, { fix: "Ask the graph for geoJsonUrl again." });

const findGrid = async (app: App, { slideId, digest }: GridGeoJsonRequest) => {
  const [studyKey, slideKey] = requireId("Slide", slideId).map(String) as [string, string];
  const grid = await app.prisma.patchGrid.findFirst({
    where: { digest: { startsWith: digest }, slide: { key: slideKey, study: { key: studyKey } } },
    include: { slide: { include: { image: true } } },
  });
  if (!grid) throw gone("The grid");
  return { grid, studyKey, slideKey, image: grid.slide.image };
};

/** The corner of the scanned area: OpenSlide's bounds, to which QuPath crops a slide as it opens it. */
const boundsCorner = (image: SlideImage | null): Origin | null => {
  const bounds = image?.bounds as SlideRectangle | null | undefined;
  return bounds ? { x: bounds.x, y: bounds.y } : null;
};

const openPhenotypes = async (app: App, codebookId: string | null): Promise<PhenotypeOf | null> => {
  if (codebookId === null) return null;
  const codebook = await app.prisma.codebook.findFirst({
    where: codebookWhere(requireId("Codebook", codebookId)),
    include: { build: true, phenotypes: true },
  });
  if (!codebook) throw gone("The codebook");
  const colours = classColours(codebook.build.clusters);
  const classes = new Map(
    codebook.phenotypes.map((phenotype): [number, Classification] => {
      const { red, green, blue } = colours[phenotype.index] ?? { red: 0, green: 0, blue: 0 };
      return [phenotype.index, { name: phenotype.name ?? phenotypeLabel(phenotype), color: [red, green, blue] }];
    }),
  );
  const place = { buildId: codebook.buildId, codebookId: codebook.id };
  return async (patchIds) =>
    (await readAssigned(app.database, place, patchIds)).map((index) =>
      index === null ? undefined : classes.get(index),
    );
};

const readScore = async (app: App, scoreId: string | null, gridId: number) => {
  if (scoreId === null) return undefined;
  const score = await app.prisma.milScore.findFirst({
    where: scoreWhere(requireId("MilScore", scoreId)),
    include: { model: { include: { featureSet: true } } },
  });
  if (!score) throw gone("The score");
  return readAttention(app, score.model.featureSet, score.id, [gridId]);
};

/** The pieces of tissue as locked annotations; none where the patches came with a file and no mask was made. */
const tissueOf = async (
  app: App,
  { maskDigest }: PatchGrid,
  image: SlideImage | null,
  origin: Origin,
): Promise<GeoFeature[]> => {
  if (maskDigest === null || !image) return [];
  const outlines = await outlinesOfMask(await app.artefacts.get(maskDigest), image);
  return outlines.map(({ exterior, holes }) => ({
    geometry: polygon([exterior, ...holes], origin),
    properties: { objectType: "annotation", classification: TISSUE, isLocked: true },
  }));
};

const measurementsOf = ({ tissueShare, measurements }: PatchRow, attention: number | undefined) => ({
  "Tissue share": Number(tissueShare.toPrecision(DIGITS)),
  ...measurements,
  ...(attention !== undefined && Number.isFinite(attention) && { Attention: Number(attention.toPrecision(DIGITS)) }),
});

/**
 * The grid's GeoJSON, read and written in batches of patches.
 * @throws HistoError NOT_FOUND when something was deleted meanwhile, also in the middle; CONFLICT when the scored vectors have changed
 */
export const openGridGeoJson = async (
  app: App,
  request: GridGeoJsonRequest,
): Promise<{ slideKey: string; text: AsyncGenerator<string> }> => {
  const { grid, studyKey, slideKey, image } = await findGrid(app, request);
  const [phenotypeOf, scored] = await Promise.all([
    openPhenotypes(app, request.codebookId),
    readScore(app, request.scoreId, grid.id),
  ]);
  const corner = request.fromBounds ? boundsCorner(image) : null;
  const origin = corner ?? { x: 0, y: 0 };

  const features = async (patches: PatchRow[]): Promise<GeoFeature[]> => {
    const ids = patches.map(({ id }) => id);
    const classes = await phenotypeOf?.(ids);
    const attention = scored && attentionOfPatches(scored, Float64Array.from(ids));
    return patches.map((patch, index) => {
      const classification = classes?.[index];
      return {
        geometry: rectangle({ x: patch.x, y: patch.y, width: grid.sizeX, height: grid.sizeY }, origin),
        properties: {
          objectType: "tile",
          ...(classification && { classification }),
          measurements: measurementsOf(patch, attention?.[index]),
          metadata: { patch: encodeId("Patch", studyKey, slideKey, gridPart(grid), patch.x, patch.y) },
        },
      };
    });
  };

  const batches = async function* (): AsyncGenerator<GeoFeature[]> {
    yield await tissueOf(app, grid, image, origin);
    let sent = 0;
    for (let after: number | null = null; ; ) {
      const patches = await readPatchPage(app.database, grid.id, after, PATCHES_PER_BATCH);
      yield await features(patches);
      sent += patches.length;
      if (patches.length < PATCHES_PER_BATCH) break;
      after = patches.at(-1)?.id ?? null;
    }
    // A file that lacks some must not look whole.
    if (sent !== grid.patches) throw gone("The grid");
  };

  const members = {
    histoql: {
      study: studyKey,
      slide: slideKey,
      grid: encodeId("PatchGrid", studyKey, slideKey, gridPart(grid)),
      patchSize: grid.patchSize,
      micronsPerPixel: grid.micronsPerPixel,
      patches: grid.patches,
      codebook: request.codebookId,
      score: request.scoreId,
      isStale: image !== null && image.checksum !== grid.slideChecksum,
      origin: corner
        ? `level-0 pixels from (${origin.x}, ${origin.y}), the corner of the scanned area (openslide.bounds)`
        : "level-0 pixels from the corner of the whole image",
    },
  };
  return { slideKey, text: encodeFeatureCollection(members, batches()) };
};
