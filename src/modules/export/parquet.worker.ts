import type { FeatureTable } from "../../formats/featureTable.ts";
import { encodeParquet } from "../../formats/parquet.ts";
import { serveCalls } from "../../onnx/call-thread.ts";
import type { ParquetCalls } from "./parquet.calls.ts";

await serveCalls<ParquetCalls, null>(async () => {
  let table: FeatureTable | undefined;
  return {
    ready: null,
    handlers: {
      begin(given) {
        table = given;
        return null;
      },
      encode(batch) {
        if (!table) throw new Error("A file was asked for before its table.");
        return encodeParquet(table, batch);
      },
    },
    close: async () => {},
  };
});
