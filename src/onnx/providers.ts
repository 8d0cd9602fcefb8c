import { cpus } from "node:os";
import { listSupportedBackends } from "onnxruntime-node";
import { type Device, providerOf } from "../platform/devices.ts";
import { cudaCards } from "./cuda-cards.ts";
import { VULKAN_LOADER, vulkanDevices } from "./vulkan-devices.ts";

export { type Device, PROVIDERS, type Provider } from "../platform/devices.ts";

export type ExecutionProvider = {
  name: string;
  /** True when its library came with the package; false when it must be installed apart, as CUDA's must. */
  bundled: boolean;
};

/**
 * Why a device cannot run here, where that shows without trying; null when it must be tried. Without this Dawn, which
 * ONNX Runtime's WebGPU stands on, complains on the terminal.
 *
 * `choices` are all that may be taken: a graphics card that the processor plays is slower than the processor itself (some
 * 100 times, measured), so it is taken only where that is not among them.
 */
export const knownAbsence = (device: Device, choices: readonly Device[]): string | null => {
  if (providerOf(device) !== "webgpu" || process.platform !== "linux") return null;
  const found = vulkanDevices();
  if (found === null) {
    return `${VULKAN_LOADER} is not installed (Debian: apt-get install libvulkan1, and a driver)`;
  }
  const [first] = found;
  if (!first) return "Vulkan finds no graphics driver";
  return choices.includes("cpu") && found.every(({ isSoftware }) => isSoftware)
    ? `${first.name} is a program on the processor, which is faster itself`
    : null;
};

/** What the device is called by its maker, as far as that can be told. */
export const hardwareOf = (device: Device): string => {
  switch (providerOf(device)) {
    case "cuda":
      return cudaCards()[cardNumber(device)]?.name ?? "unknown card";
    case "webgpu": {
      const found = (process.platform === "linux" && vulkanDevices()) || [];
      return (found.find(({ isSoftware }) => !isSoftware) ?? found[0])?.name ?? `${process.platform} graphics`;
    }
    case "cpu":
      return cpus()[0]?.model ?? process.arch;
  }
};

/** The number of a card; 0 for a device that is named without one. */
export const cardNumber = (device: Device): number => Number(device.split(":")[1] ?? 0);

/** `cuda` is its first card; the other providers have one device. */
export const numbered = (device: Device): Device => (device === "cuda" ? "cuda:0" : device);

/**
 * What this build of ONNX Runtime could run on. Whether the device and its driver are there shows only when a
 * session is opened on it.
 */
export const executionProviders = (): ExecutionProvider[] =>
  listSupportedBackends().map(({ name, bundled }) => ({ name, bundled }));
