import { InferenceSession } from "onnxruntime-node";
import type { Provider } from "./providers.ts";

export type GraphSessionOptions = {
  provider: Provider;
  /** Threads that one operator may use; ONNX Runtime's own pool, beside the calling thread. */
  threads: number;
};

/**
 * Opens an ONNX model on one execution provider. Call it in a worker thread: both this and `run` block their thread.
 * Unlike ONNX Runtime's own list of providers it does not fall back in silence: it throws when the provider is absent.
 */
export const openGraphSession = (
  model: Uint8Array,
  { provider, threads }: GraphSessionOptions,
): Promise<InferenceSession> =>
  InferenceSession.create(model, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
  });
