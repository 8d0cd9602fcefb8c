import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import { HistoError } from "../../platform/errors.ts";
import { placesOfRows } from "../places.ts";
import { halvesOf } from "../roundToHalves.ts";
import type { FeatureSource, SlideVectors } from "../types.ts";
import { isFloats, type NpyArray, readNpy } from "./npy.ts";

/**
 * DeepAttnMISL's .npz files (github.com/uta-smile/DeepAttnMISL, MIL_dataloader.py): one patient each, with vgg_features
 * `[n, d]`, pid, time, status, img_path and cluster_num. They tell no coordinates: a patch is known by its row. Outcome and
 * clusters are not taken over; outcomes are clinical values, clusters are made by buildCodebook.
 */

const FEATURES = "vgg_features";

const unzip = (bytes: Uint8Array): Record<string, Uint8Array> => {
  try {
    return unzipSync(bytes, { filter: ({ name }) => name === `${FEATURES}.npy` || name === "pid.npy" });
  } catch (cause) {
    const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
    throw new HistoError(
      isZip ? "SLIDE_CORRUPT" : "FORMAT_UNSUPPORTED",
      isZip ? "The .npz file is truncated or damaged." : "The file is no .npz archive.",
      {
        fix: isZip ? "Copy or compute it again." : "Name .npz files only, or choose the layout that the file has.",
        cause,
      },
    );
  }
};

const arrayOf = (files: Record<string, Uint8Array>, name: string): NpyArray | null => {
  const bytes = files[`${name}.npy`];
  return bytes ? readNpy(name, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)) : null;
};

/** The patient: one text or number, or one a patch and always the same. */
const patientOf = (pid: NpyArray | null): string | null => {
  const keys = new Set(Array.from(pid?.values ?? [], String));
  if (keys.size <= 1) return [...keys][0] ?? null;
  throw new HistoError("CONFLICT", `"pid" names ${keys.size} patients.`, { fix: "Write one file for each patient." });
};

const readPatient = (files: Record<string, Uint8Array>): SlideVectors => {
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
  if (rows === 0 || dims === 0) {
    throw new HistoError("NO_TISSUE", "The file holds no vectors.", { fix: "Leave it out." });
  }
  return {
    slideKey: null,
    patientKey: patientOf(arrayOf(files, "pid")),
    rows,
    dims,
    places: placesOfRows(rows),
    declared: { hasPlaces: false, attributes: {} },
    read: (from, to) => halvesOf(values.subarray(from * dims, to * dims), dims, from),
  };
};

/** @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT, CONFLICT, NO_TISSUE */
export const openNpzFeatures = async (file: string): Promise<FeatureSource> => {
  const files = unzip(await readFile(file));
  let isRead = false;
  return {
    async next() {
      if (isRead) return null;
      isRead = true;
      return readPatient(files);
    },
    async close() {},
  };
};
