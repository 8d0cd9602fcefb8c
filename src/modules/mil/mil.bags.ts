import type { BagRows, MilBag } from "../../learning/mil/index.ts";
import { HistoError } from "../../platform/errors.ts";
import { readSlideAssignments } from "../../store/assignments.ts";
import { readSourceSlides, type SourceSlide } from "../../store/codebooks.ts";
import { readHalves, readPatchIds } from "../../store/codebookVectors.ts";
import type { Condition } from "../../store/filterSql.ts";
import type { FeatureSet, PatchGrid } from "../../store/generated/client.ts";
import { cellOf } from "../../store/patches.ts";
import { readPatchPlaces } from "../../store/patchPlaces.ts";
import type { App } from "../context.ts";
import { isStepped } from "../patch/steppedGrid.ts";
import { vectorsChanged } from "../phenotype/vectorSource.ts";

/** The patches of a patient's slides, or of one slide. */
export type BagSource = {
  /** The patient's key, or the slide's where the unit is the slide. */
  key: string;
  patientId: number;
  patientKey: string;
  slideId: number | null;
  /** By key. */
  slides: SourceSlide[];
  patches: number;
};

/** The bags of a feature set that pass a condition on slides, by key of the patient, then of the slide. */
export const findBags = async (
  app: App,
  featureSet: FeatureSet,
  unit: "PATIENT" | "SLIDE",
  condition: Condition,
): Promise<BagSource[]> => {
  const slides = await readSourceSlides(app.database, featureSet.id, condition);
  const keyOf = (slide: SourceSlide) => (unit === "PATIENT" ? slide.patientKey : slide.slideKey);
  const groups = [...Map.groupBy(slides, keyOf)].map(([key, own]): BagSource => {
    const [first] = own as [SourceSlide];
    return {
      key,
      patientId: first.patientId,
      patientKey: first.patientKey,
      slideId: unit === "PATIENT" ? null : first.slideId,
      slides: own,
      patches: own.reduce((sum, { patches }) => sum + patches, 0),
    };
  });
  const nameOf = ({ patientKey, key }: BagSource) => `${patientKey}\n${key}`;
  return groups.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
};

/** What says which vectors a bag had: equal on every database. */
export const bagSnapshot = ({ key, patientKey, slides }: BagSource) => ({
  key,
  patient: patientKey,
  slides: slides.map(({ slideKey, gridDigest, slideChecksum, patches }) => [
    slideKey,
    gridDigest,
    slideChecksum,
    patches,
  ]),
});

/** What a head reads besides vectors. */
export type BagNeeds = { clustersOf: { buildId: number } | null; coordinates: boolean };

/** Vectors up to so many bytes, all bags together, are kept in memory after they were read once. */
export const KEPT_BYTES = 512 * 2 ** 20;

/** Rows of one read from the store. */
const ROWS_PER_READ = 8192;

/** Left and upper edges in level-0 pixels, of a grid with steps before they are rounded. */
const cornersOf = async (app: App, ids: Float64Array, grid: PatchGrid) => {
  if (!isStepped(grid)) return readPatchPlaces(app.database, grid.id, ids);
  return {
    x: ids.map((id) => (cellOf(id) % grid.columns) * grid.stepX),
    y: ids.map((id) => Math.floor(cellOf(id) / grid.columns) * grid.stepY),
  };
};

/** Where patches lie on their slide: `[patches, 2]`, millimetres from the middle of the slide's patches. */
const coordinatesOf = async (app: App, ids: Float64Array, grid: PatchGrid): Promise<Float32Array> => {
  const corners = await cornersOf(app, ids, grid);
  const places = new Float32Array(2 * ids.length);
  let [sumX, sumY] = [0, 0];
  ids.forEach((_, row) => {
    const x = ((corners.x[row] ?? 0) * grid.micronsPerPixelX) / 1000;
    const y = ((corners.y[row] ?? 0) * grid.micronsPerPixelY) / 1000;
    places[2 * row] = x;
    places[2 * row + 1] = y;
    sumX += x;
    sumY += y;
  });
  for (let row = 0; row < ids.length; row += 1) {
    places[2 * row] = (places[2 * row] ?? 0) - sumX / ids.length;
    places[2 * row + 1] = (places[2 * row + 1] ?? 0) - sumY / ids.length;
  }
  return places;
};

type Opened = { ids: Float64Array; clusters: Uint16Array | null; coordinates: Float32Array | null };

const clustersOf = async (app: App, buildId: number, bag: BagSource, ids: Float64Array): Promise<Uint16Array> => {
  const clusters = new Uint16Array(ids.length);
  let from = 0;
  for (const { slideId, slideKey, patches } of bag.slides) {
    const assigned = await readSlideAssignments(app.database, buildId, slideId);
    const isSame =
      assigned.patchIds.length === patches && assigned.patchIds.every((id, index) => id === ids[from + index]);
    if (!isSame) {
      throw new HistoError("CONFLICT", `The codebook has other patches of slide ${slideKey} than the feature set.`, {
        fix: "Run buildCodebook again, then ask again with its codebook.",
        path: ["codebook"],
      });
    }
    clusters.set(assigned.phenotypes, from);
    from += patches;
  }
  return clusters;
};

const openBag = async (app: App, featureSet: FeatureSet, bag: BagSource, needs: BagNeeds): Promise<Opened> => {
  const ids = await readPatchIds(app.database, featureSet.id, bag.slides);
  if (!ids) throw vectorsChanged();
  const clusters = needs.clustersOf && (await clustersOf(app, needs.clustersOf.buildId, bag, ids));
  if (!needs.coordinates) return { ids, clusters, coordinates: null };
  const coordinates = new Float32Array(2 * ids.length);
  let from = 0;
  for (const { gridId, patches } of bag.slides) {
    const grid = await app.prisma.patchGrid.findUnique({ where: { id: gridId } });
    if (!grid) throw vectorsChanged();
    coordinates.set(await coordinatesOf(app, ids.subarray(from, from + patches), grid), 2 * from);
    from += patches;
  }
  return { ids, clusters, coordinates };
};

const readRows = async (app: App, featureSet: FeatureSet, ids: Float64Array): Promise<Uint16Array> => {
  const { dims } = featureSet;
  if (ids.length <= ROWS_PER_READ) {
    const halves = await readHalves(app.database, featureSet.id, ids, dims);
    if (!halves) throw vectorsChanged();
    return halves;
  }
  const all = new Uint16Array(ids.length * dims);
  for (let from = 0; from < ids.length; from += ROWS_PER_READ) {
    all.set(await readRows(app, featureSet, ids.subarray(from, from + ROWS_PER_READ)), from * dims);
  }
  return all;
};

const picked = (from: Uint16Array, rows: Uint32Array, width: number): Uint16Array => {
  const to = new Uint16Array(rows.length * width);
  rows.forEach((row, index) => {
    to.set(from.subarray(row * width, (row + 1) * width), index * width);
  });
  return to;
};

/**
 * Bags as the engine reads them: half-precision vectors from the store, in the order of slides and patch ids. Where all of them
 * together have at most `KEPT_BYTES` they stay in memory; otherwise only ids (8 bytes a patch), clusters and places do, and every read
 * goes to the store.
 * @throws HistoError CONFLICT, while reading, when vectors or assignments are other ones meanwhile
 */
export const openBags = (
  app: App,
  featureSet: FeatureSet,
  sources: readonly BagSource[],
  needs: BagNeeds,
): MilBag[] => {
  const { dims } = featureSet;
  const isKept = sources.reduce((sum, { patches }) => sum + patches, 0) * dims * 2 <= KEPT_BYTES;
  return sources.map((source): MilBag => {
    let opened: Promise<Opened> | undefined;
    let kept: Promise<Uint16Array> | undefined;
    const open = () => {
      opened ??= openBag(app, featureSet, source, needs);
      return opened;
    };
    const vectorsOf = async (ids: Float64Array, rows: Uint32Array | null): Promise<Uint16Array> => {
      if (!isKept) {
        return readRows(app, featureSet, rows ? Float64Array.from(rows, (row) => ids[row] as number) : ids);
      }
      kept ??= readRows(app, featureSet, ids);
      const all = await kept;
      return rows ? picked(all, rows, dims) : all;
    };
    return {
      key: source.key,
      patient: source.patientKey,
      patches: source.patches,
      read: async (rows): Promise<BagRows> => {
        const { ids, clusters, coordinates } = await open();
        return {
          vectors: await vectorsOf(ids, rows),
          ...(clusters && { clusters: rows ? picked(clusters, rows, 1) : clusters }),
          ...(coordinates && {
            coordinatesMillimetres: rows
              ? Float32Array.from(
                  { length: 2 * rows.length },
                  (_, i) => coordinates[2 * (rows[i >> 1] ?? 0) + (i & 1)] ?? 0,
                )
              : coordinates,
          }),
        };
      },
    };
  });
};
