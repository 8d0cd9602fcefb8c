import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import {
  type CellClasses,
  classColours,
  drawOverlayMap,
  type LegendEntry,
  overlayDescriptor,
  overlayTile,
  readThumbnail,
} from "../../slides/index.ts";
import { readSlideAssignments } from "../../store/assignments.ts";
import { createRecent } from "../base/recent.ts";
import type { App } from "../context.ts";
import { isOfAnotherFile } from "../patch/patch.lineage.ts";
import { classesOfPatches } from "../patch/patchClasses.ts";
import { phenotypeLabel } from "./sharedPhenotype.ts";

/**
 * Pictures of where a codebook's phenotypes lie on a slide. Whoever asks holds a signed address, which was made for
 * somebody who may read the study; nothing is authorised here.
 */

/** What is needed of a codebook, by the parts of its id. */
export const codebookWhere = (parts: readonly (string | number)[]) => {
  const [studyKey, featureSetKey, key, patientKey] = parts.map(String) as [string, string, string, string];
  return {
    build: { key, isComplete: true, featureSet: { key: featureSetKey, study: { key: studyKey } } },
    ...(patientKey === "" ? { patientId: null } : { patient: { key: patientKey } }),
  };
};

/**
 * A slide as a codebook has assigned it; null when it has no image.
 * @throws HistoError NOT_FOUND when the codebook has none of its patches
 */
const findAssigned = async (app: App, codebookId: string, slideId: string) => {
  const [studyKey, slideKey] = requireId("Slide", slideId).map(String) as [string, string];
  const assigned = await app.prisma.codebookSlide.findFirst({
    where: {
      slide: { key: slideKey, study: { key: studyKey } },
      codebook: codebookWhere(requireId("Codebook", codebookId)),
    },
    include: {
      slide: { include: { image: true } },
      codebook: { include: { phenotypes: { orderBy: { index: "asc" } } } },
      build: { include: { featureSet: true } },
    },
  });
  const grid = assigned && (await app.prisma.patchGrid.findUnique({ where: { id: assigned.gridId } }));
  if (!assigned || !grid)
    throw new HistoError("NOT_FOUND", "The codebook has no patches of this slide.", {
      fix: "Ask the graph for phenotypeMapUrl: it is null where there is nothing to show.",
    });
  const { image } = assigned.slide;
  return image && { ...assigned, image, grid };
};
type Assigned = NonNullable<Awaited<ReturnType<typeof findAssigned>>>;

/** Cells that are kept in memory, 2 bytes each. */
const recent = createRecent(2 ** 24);

const readClasses = async (app: App, { buildId, slideId, grid }: Assigned): Promise<CellClasses> => {
  const { patchIds, phenotypes } = await readSlideAssignments(app.database, buildId, slideId);
  return classesOfPatches(app, grid, patchIds, phenotypes);
};

/** Tiles are asked for by the dozen: the cells of the slides used last stay in memory, until they are assigned anew. */
const classesOf = (app: App, assigned: Assigned): Promise<CellClasses> => {
  const { buildId, slideId, gridId, completedAt, grid } = assigned;
  const key = [buildId, slideId, gridId, completedAt.getTime()].join("/");
  return recent(app, key, grid.columns * grid.rows, () => readClasses(app, assigned));
};

const legendOf = ({ codebook, build }: Assigned, { classes }: CellClasses): LegendEntry[] => {
  const counts = new Map<number, number>();
  let patches = 0;
  for (const value of classes) {
    if (value === 0) continue;
    counts.set(value - 1, (counts.get(value - 1) ?? 0) + 1);
    patches += 1;
  }
  const colours = classColours(build.clusters);
  return codebook.phenotypes.flatMap((phenotype) => {
    const count = counts.get(phenotype.index);
    const colour = colours[phenotype.index];
    return count && colour
      ? [{ colour, name: phenotype.name ?? phenotypeLabel(phenotype), share: count / patches }]
      : [];
  });
};

const SCOPES = { STUDY: "the study", COHORT: "a cohort", PATIENT: "this patient" } as const;

const subtitleOf = ({ build, image, grid }: Assigned): string =>
  [
    `${build.clusters} clusters of ${SCOPES[build.scope]}, ${build.featureSet.key}, patches of ${grid.patchSize} px at ${grid.micronsPerPixel} µm/px`,
    ...(isOfAnotherFile(grid, image) ? ["STALE: the slide's file has changed"] : []),
  ].join(" · ");

/** The slide with its phenotypes coloured, a legend and a scale bar, as PNG; null without an image. */
export const drawPhenotypeMap = async (
  app: App,
  codebookId: string,
  slideId: string,
  maxPixels: number,
): Promise<Buffer | null> => {
  const assigned = await findAssigned(app, codebookId, slideId);
  if (!assigned) return null;
  const { image } = assigned;
  const classes = await classesOf(app, assigned);
  return drawOverlayMap({
    underlay: await app.openSlides.use(image, (slide) => readThumbnail(slide, maxPixels)),
    slide: image,
    micronsPerPixel: { x: assigned.grid.micronsPerPixelX, y: assigned.grid.micronsPerPixelY },
    classes,
    colours: classColours(assigned.build.clusters),
    title: `Phenotypes of ${assigned.slide.key}`,
    subtitle: subtitleOf(assigned),
    legend: legendOf(assigned, classes),
  });
};

/** The Deep Zoom descriptor of a slide's phenotypes; null without an image. */
export const phenotypeTilesDescriptor = async (
  app: App,
  codebookId: string,
  slideId: string,
): Promise<string | null> => {
  const assigned = await findAssigned(app, codebookId, slideId);
  return assigned && overlayDescriptor(assigned.image);
};

/**
 * One tile of a slide's phenotypes, as PNG; null without an image.
 * @throws HistoError NOT_FOUND when there is no such tile, and when the codebook has none of the slide's patches
 */
export const drawPhenotypeTile = async (
  app: App,
  codebookId: string,
  slideId: string,
  [level, column, row]: readonly [number, number, number],
): Promise<Buffer | null> => {
  const assigned = await findAssigned(app, codebookId, slideId);
  if (!assigned) return null;
  const colours = classColours(assigned.build.clusters);
  return overlayTile(await classesOf(app, assigned), assigned.image, level, column, row, colours);
};
