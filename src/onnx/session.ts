import { env, InferenceSession } from "onnxruntime-node";
import type { Provider } from "./providers.ts";

export type GraphSessionOptions = {
  provider: Provider;
  /** Threads that one operator may use; ONNX Runtime's own pool, beside the calling thread. */
  threads: number;
  /**
   * Whether those threads wait for the next operator in a busy loop. It gains some 8 % for a graph that runs all the
   * time, and takes the cores from every other graph of the same thread, so only one of them may.
   */
  spin: boolean;
};

// Failures are thrown as well; the log would only repeat them on the error stream, with directory names in them.
env.logLevel = "fatal";

/**
 * Opens an ONNX model on one execution provider. Call it in a worker thread: both this and `run` block their thread.
 * Unlike ONNX Runtime's own list of providers it does not fall back in silence: it throws when the provider is absent.
 */
export const openGraphSession = (
  model: Uint8Array,
  { provider, threads, spin }: GraphSessionOptions,
): Promise<InferenceSession> =>
  InferenceSession.create(model, {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: spin ? "1" : "0" } } },
  });
