import { listSupportedBackends } from "onnxruntime-node";

/** Where a graph can run, in the order in which they are usually wanted. */
export const PROVIDERS = ["cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

export type ExecutionProvider = {
  name: string;
  /** True when its library came with the package; false when it must be installed apart, as CUDA's must. */
  bundled: boolean;
};

/**
 * What this build of ONNX Runtime could run on. Whether the device and its driver are there shows only when a
 * session is opened on it.
 */
export const executionProviders = (): ExecutionProvider[] =>
  listSupportedBackends().map(({ name, bundled }) => ({ name, bundled }));
