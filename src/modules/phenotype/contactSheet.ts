import { HistoError, isHistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import { classColours, drawContactSheet, readScaled, type SheetPatch } from "../../slides/index.ts";
import { readExemplars } from "../../store/assignments.ts";
import type { PatchGrid, Slide, SlideImage } from "../../store/generated/client.ts";
import { gridIdOf, type PatchRow, readPatches } from "../../store/patches.ts";
import type { App } from "../context.ts";
import { codebookWhere } from "./phenotypeMap.ts";
import { phenotypeLabel } from "./sharedPhenotype.ts";

const EDGE_PIXELS = 176;

type SheetGrid = PatchGrid & { slide: Slide & { image: SlideImage | null } };

/** The patch's picture; null where the slide's file is not there or cannot be read. */
const pictureOf = async (app: App, patch: PatchRow, grid: SheetGrid): Promise<SheetPatch["picture"]> => {
  const { image } = grid.slide;
  if (!image) return null;
  const area = { x: patch.x, y: patch.y, widthPixels: grid.sizeX, heightPixels: grid.sizeY };
  try {
    const pixels = await app.openSlides.use(image, (slide) => readScaled(slide, area, EDGE_PIXELS, EDGE_PIXELS));
    return { pixels, widthPixels: EDGE_PIXELS, heightPixels: EDGE_PIXELS };
  } catch (error) {
    if (isHistoError(error)) return null;
    throw error;
  }
};

const thousands = (count: number): string => count.toLocaleString("en");

/**
 * The patches nearest to a phenotype's middle on one sheet, as JPEG. Whoever asks holds a signed address, which was
 * made for somebody who may read the study.
 * @throws HistoError NOT_FOUND
 */
export const drawExemplars = async (app: App, phenotypeId: string, first: number): Promise<Buffer> => {
  const parts = requireId("Phenotype", phenotypeId);
  const codebook = await app.prisma.codebook.findFirst({
    where: codebookWhere(parts.slice(0, -1)),
    include: { build: true, phenotypes: true },
  });
  const phenotype = codebook?.phenotypes.find(({ index }) => index === parts.at(-1));
  if (!codebook || !phenotype)
    throw new HistoError("NOT_FOUND", "There is no such phenotype.", { fix: "Ask the graph for exemplarsUrl again." });
  const { buildId, id: codebookId } = codebook;
  const ids = await readExemplars(app.database, { buildId, codebookId, index: phenotype.index }, first);
  const [rows, gridRows] = await Promise.all([
    readPatches(app.database, ids),
    app.prisma.patchGrid.findMany({
      where: { id: { in: [...new Set(ids.map(gridIdOf))] } },
      include: { slide: { include: { image: true } } },
    }),
  ]);
  const grids = new Map(gridRows.map((grid) => [grid.id, grid]));
  const patches = await Promise.all(
    rows.flatMap((patch) => {
      const grid = patch && grids.get(gridIdOf(patch.id));
      return patch && grid
        ? [pictureOf(app, patch, grid).then((picture) => ({ picture, caption: grid.slide.key }))]
        : [];
    }),
  );
  const all = codebook.phenotypes.reduce((sum, { size }) => sum + size, 0);
  const subtitle = `${thousands(phenotype.size)} patches, ${((100 * phenotype.size) / all).toFixed(1)} % of the codebook; the ${patches.length} shown are nearest to its middle`;
  const colour = classColours(codebook.build.clusters)[phenotype.index] ?? { red: 0, green: 0, blue: 0 };
  return drawContactSheet(phenotypeLabel(phenotype), subtitle, colour, patches, EDGE_PIXELS);
};
