import { env, InferenceSession } from "onnxruntime-node";
import { cardNumber, type Device } from "./providers.ts";

export type GraphSessionOptions = {
  provider: Device;
  /** Threads that one operator may use; ONNX Runtime's own pool, beside the calling thread. */
  threads: number;
};

// Failures are thrown as well; the log would only repeat them on the error stream, with directory names in them.
env.logLevel = "fatal";

/**
 * Opens an ONNX model on one execution provider. Call it in a worker thread: both this and `run` block their thread.
 * Unlike ONNX Runtime's own list of providers it does not fall back in silence: it throws when the provider is absent.
 */
export const openGraphSession = (
  model: Uint8Array,
  { provider, threads }: GraphSessionOptions,
): Promise<InferenceSession> =>
  InferenceSession.create(model, {
    executionProviders: [executionProvider(provider)],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 4,
    // By default idle threads wait for the next operator in a busy loop. That gains some 8 % for one graph alone, but it
    // takes the cores from whatever else runs: the readers of slides, and above all a second
    // graph of the same thread (resizing in front of an encoder fell from 330 to 216 patches/s).
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });

/** A card by its number, anything else by its name. */
const executionProvider = (device: Device): InferenceSession.ExecutionProviderConfig =>
  device === "cpu" || device === "webgpu" ? device : { name: "cuda", deviceId: cardNumber(device) };
