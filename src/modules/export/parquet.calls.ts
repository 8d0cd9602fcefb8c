import type { FeatureBatch, FeatureTable } from "../../formats/featureTable.ts";

/** What the thread that writes Parquet is asked. */
export type ParquetCalls = {
  begin: { args: FeatureTable; result: null };
  encode: { args: FeatureBatch; result: Uint8Array<ArrayBuffer> };
};
