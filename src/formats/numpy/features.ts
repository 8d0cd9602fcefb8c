import { HistoError } from "../../platform/errors.ts";
import { placesOfRows } from "../places.ts";
import { requireOneVector, requireShape } from "../requireShape.ts";
import { halvesOf } from "../roundToHalves.ts";
import type { FeatureLevel, FeatureSource, SlideVectors } from "../types.ts";
import { isFloats, type NpyArray, readNpy } from "./npy.ts";
import { readZip } from "./zip.ts";

/**
 * DeepAttnMISL's .npz files (github.com/uta-smile/DeepAttnMISL, MIL_dataloader.py): one patient each, with vgg_features
 * `[n, d]`, pid, time, status, img_path and cluster_num. They tell no coordinates: a patch is known by its row. Outcome and
 * clusters are not taken over; outcomes are clinical values, clusters are made by buildCodebook.
 */

const FEATURES = "vgg_features";

const arrayOf = (files: ReadonlyMap<string, Buffer>, name: string): NpyArray | null => {
  const bytes = files.get(`${name}.npy`);
  return bytes ? readNpy(name, bytes) : null;
};

/** The patient: one text or number, or one a patch and always the same. */
const patientOf = (pid: NpyArray | null, rows: number): string | null => {
  const { values = [] } = pid ?? {};
  if (values.length > 1 && values.length !== rows) {
    throw new HistoError("DIMENSION_MISMATCH", `"pid" has ${values.length} entries beside ${rows} vectors.`, {
      fix: "Write one for the file, or one for each patch.",
    });
  }
  const key = values.length > 0 ? String(values[0]) : null;
  for (let row = 1; row < values.length; row++) {
    if (values[row] === values[0]) continue;
    throw new HistoError("CONFLICT", '"pid" names several patients.', { fix: "Write one file for each patient." });
  }
  return key;
};

const readPatient = (files: ReadonlyMap<string, Buffer>, level: FeatureLevel): SlideVectors => {
  const features = arrayOf(files, FEATURES);
  if (!features) {
    throw new HistoError("FORMAT_UNSUPPORTED", `The file has no array "${FEATURES}".`, {
      fix: "Write it with numpy.savez(file, vgg_features=…, pid=…).",
    });
  }
  const { shape, values } = features;
  const [rows = 0, dims = 0] = shape;
  if (shape.length !== 2 || !isFloats(values)) {
    throw new HistoError("FORMAT_UNSUPPORTED", `"${FEATURES}" has the shape [${shape.join(", ")}].`, {
      fix: "Features are floating-point numbers of the shape [patches, dims].",
    });
  }
  requireShape(rows, dims);
  requireOneVector(rows, level);
  return {
    slideKey: null,
    patientKey: patientOf(arrayOf(files, "pid"), rows),
    rows,
    dims,
    places: placesOfRows(rows),
    declared: { hasPlaces: false, attributes: {} },
    read: (from, to) => halvesOf(values.subarray(from * dims, to * dims), dims, from),
  };
};

/** @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT, LIMIT_EXCEEDED, CONFLICT, NO_TISSUE, BAD_ARGUMENT */
export const openNpzFeatures = async (file: string, level: FeatureLevel): Promise<FeatureSource> => {
  const files = await readZip(file, [`${FEATURES}.npy`, "pid.npy"]);
  let isRead = false;
  return {
    async next() {
      if (isRead) return null;
      isRead = true;
      return readPatient(files, level);
    },
    async close() {},
  };
};
