import koffi from "koffi";
import { listSupportedBackends } from "onnxruntime-node";
import { type Device, providerOf } from "../platform/devices.ts";

export { type Device, PROVIDERS, type Provider } from "../platform/devices.ts";

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
export const knownAbsence = (device: Device): string | null => {
  if (providerOf(device) !== "webgpu" || process.platform !== "linux") return null;
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
