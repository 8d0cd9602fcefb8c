import type { FeatureTable } from "../../formats/featureTable.ts";
import { HistoError } from "../../platform/errors.ts";
import { requireId } from "../../platform/ids.ts";
import { countExportRows } from "../../store/exportRows.ts";
import { type ExportSlide, readExportSlides } from "../../store/exportSlides.ts";
import type { Export, FeatureSet } from "../../store/generated/client.ts";
import { readPatchesInBox } from "../../store/patchesInBox.ts";
import type { App } from "../context.ts";
import { gridPart } from "../patch/patch.service.ts";
import { readAttention } from "./export.attention.ts";
import { placesOf, type RowsRequest, rangesOf, versionOf } from "./export.rows.ts";
import type { Selection } from "./selection.ts";

/** An export that is about to be read: what its rows have in common, and how to get at them. */
export type OpenedExport = { table: FeatureTable; request: RowsRequest };

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const gone = (): HistoError =>
  new HistoError("NOT_FOUND", "There is no such export, or it has expired.", {
    fix: "Ask exportFeatures for it again; a stream goes on with the same `after`.",
  });

const outOfDate = (): HistoError =>
  new HistoError(
    "CONFLICT",
    "The slides of the export, or their vectors, are other ones now than when it was asked for.",
    {
      fix: "Wait for the jobs that embed slides into the feature set, then ask exportFeatures again.",
    },
  );

/** @throws HistoError NOT_FOUND */
export const requireExport = async (app: App, id: string): Promise<{ row: Export; featureSet: FeatureSet }> => {
  const row = UUID.test(id)
    ? await app.prisma.export.findUnique({ where: { id }, include: { featureSet: true } })
    : null;
  if (!row?.featureSet || row.expiresAt.getTime() < Date.now()) throw gone();
  return { row, featureSet: row.featureSet };
};

/** @throws HistoError NOT_FOUND when it is no patch of the export */
const placeAfter = async (app: App, row: Export, slides: readonly ExportSlide[], after: string): Promise<number> => {
  const path = ["after"];
  const [studyKey, slideKey, digest, x, y] = requireId("Patch", after, path) as [
    string,
    string,
    string,
    number,
    number,
  ];
  const slide = slides.find((each) => each.key === slideKey && gridPart({ digest: each.gridDigest }) === digest);
  const box = { left: x, top: y, right: x, bottom: y };
  const found = studyKey === row.studyKey && slide ? await readPatchesInBox(app.database, slide.gridId, box) : null;
  const [id] = found?.ids ?? [];
  if (id !== undefined) return id;
  throw new HistoError("NOT_FOUND", "The patch to go on behind is not of this export.", {
    fix: "Pass the last `patch` that came, of an export with the same feature set and filter.",
    path,
  });
};

/**
 * Labels of a codebook's phenotypes by number: their names where they have one of their own, else their numbers.
 * @throws HistoError NOT_FOUND: without this, no patch would have a phenotype
 */
const phenotypeLabels = async (app: App, codebookId: number): Promise<string[]> => {
  const rows = await app.prisma.phenotype.findMany({ where: { codebookId }, orderBy: { index: "asc" } });
  if (rows.length === 0) {
    throw new HistoError("NOT_FOUND", "The codebook of the export was deleted or built anew.", {
      fix: "Ask exportFeatures again, with the codebook that is there now.",
    });
  }
  const names = rows.map(({ name }) => name);
  const labels = Array.from({ length: (rows.at(-1)?.index ?? -1) + 1 }, (_, index) => String(index));
  for (const { index, name } of rows) {
    const isOwn = name !== null && names.indexOf(name) === names.lastIndexOf(name) && !labels.includes(name);
    if (isOwn) labels[index] = name;
  }
  return labels;
};

const countAfter = async (app: App, request: RowsRequest, after: number): Promise<number> => {
  const ranges = rangesOf(request.slides)
    .map(({ from, to }) => ({ from: Math.max(from, after + 1), to }))
    .filter(({ from, to }) => from < to);
  const counts = await countExportRows(app.database, request.source, ranges);
  return counts.reduce((sum, count) => sum + count, 0);
};

/**
 * Gets an export ready to be read. Whoever calls this has checked that it may be.
 * @param after global id of the patch to go on behind
 * @throws HistoError NOT_FOUND, CONFLICT when its slides have changed since it was asked for
 */
export const openExport = async (
  app: App,
  { row, featureSet }: { row: Export; featureSet: FeatureSet },
  after?: string,
): Promise<OpenedExport> => {
  const selection = row.selection as unknown as Selection;
  const { filter, codebook, clinical, scoreId, version } = selection;
  const slides = await readExportSlides(app.database, featureSet.id, { gridIds: row.gridIds }, clinical);
  if (versionOf(slides) !== version) throw outOfDate();
  const hasPlaces = featureSet.level === "PATCH";
  const request: RowsRequest = {
    studyKey: row.studyKey,
    source: {
      featureSetId: featureSet.id,
      dims: featureSet.dims,
      filter,
      codebook,
      places: placesOf(featureSet, slides),
    },
    slides,
    version,
    after: after === undefined ? undefined : await placeAfter(app, row, slides, after),
    rows: row.rows,
    attention: scoreId === null ? null : await readAttention(app, featureSet, scoreId, row.gridIds),
  };
  const rows = request.after === undefined ? row.rows : await countAfter(app, request, request.after);
  return {
    request: { ...request, rows },
    table: {
      dims: featureSet.dims,
      precision: row.precision,
      slides,
      clinical,
      phenotypes: codebook && (await phenotypeLabels(app, codebook.codebookId)),
      hasAttention: scoreId !== null,
      hasPlaces,
      metadata: { ...selection.metadata, rows, after: after ?? null },
    },
  };
};

/** Notes that an export was read: who may, was decided when it was asked for. */
export const recordReading = async (app: App, id: string): Promise<void> => {
  await app.prisma.export.update({ where: { id }, data: { reads: { increment: 1 }, lastReadAt: new Date() } });
};
