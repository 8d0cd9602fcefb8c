import { openArrowFeatures } from "./columns/arrowFeatures.ts";
import { openParquetFeatures } from "./columns/parquetFeatures.ts";
import { openHdf5Features } from "./hdf5/features.ts";
import { openNpzFeatures } from "./numpy/features.ts";
import type { FeatureFile, FeatureSource } from "./types.ts";

/**
 * Opens a file of features, in a worker thread: reading blocks.
 * @throws HistoError FORMAT_UNSUPPORTED, SLIDE_CORRUPT
 */
export const openFeatures = async ({ file, layout, level }: FeatureFile): Promise<FeatureSource> => {
  switch (layout) {
    case "CLAM_H5":
    case "TRIDENT_H5":
      return openHdf5Features(file, layout, level);
    case "DEEP_ATTN_MISL_NPZ":
      return openNpzFeatures(file, level);
    case "ARROW":
      return openArrowFeatures(file, level);
    case "PARQUET":
      return openParquetFeatures(file, level);
  }
};
