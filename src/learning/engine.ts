import type { Provider } from "../onnx/providers.ts";

/** A worker thread in which graphs run; open one to share it between many small calls. */
export type Engine = {
  provider: Provider;
  close(): Promise<void>;
};
