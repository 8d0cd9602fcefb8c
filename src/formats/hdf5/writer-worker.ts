import { serveCalls } from "../../onnx/call-thread.ts";
import { createHdf5, type Hdf5Writer } from "./writeFile.ts";
import type { WriterCalls } from "./writerThread.ts";

await serveCalls<WriterCalls, null>(async () => {
  let writer: Hdf5Writer | null = null;
  const end = () => {
    writer?.close();
    writer = null;
    return null;
  };
  return {
    ready: null,
    handlers: {
      async begin({ file, layout, dims, hasPlaces }) {
        end();
        writer = await createHdf5(file, layout, { dims, hasPlaces });
        return null;
      },
      append(rows) {
        writer?.append(rows);
        return null;
      },
      end,
    },
    async close() {
      end();
    },
  };
});
