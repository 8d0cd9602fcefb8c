import koffi from "koffi";
import { listSupportedBackends } from "onnxruntime-node";

/** Where a graph can run, in the order in which they are usually wanted. */
export const PROVIDERS = ["cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

export type ExecutionProvider = {
  name: string;
  /** True when its library came with the package; false when it must be installed apart, as CUDA's must. */
  bundled: boolean;
};

/** Dawn, which ONNX Runtime's WebGPU stands on, looks for this on Linux, and complains on the terminal without it. */
const VULKAN_LOADER = "libvulkan.so.1";

/**
 * Why a provider cannot run here, where that shows without trying; null when it must be tried.
 */
export const knownAbsence = (provider: Provider): string | null => {
  if (provider !== "webgpu" || process.platform !== "linux") return null;
  try {
    koffi.load(VULKAN_LOADER).unload();
    return null;
  } catch {
    return `${VULKAN_LOADER} is not installed (Debian: apt-get install libvulkan1, and a driver)`;
  }
};

/**
 * What this build of ONNX Runtime could run on. Whether the device and its driver are there shows only when a
 * session is opened on it.
 */
export const executionProviders = (): ExecutionProvider[] =>
  listSupportedBackends().map(({ name, bundled }) => ({ name, bundled }));
