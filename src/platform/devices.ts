import { HistoError } from "./errors.ts";

/** Where a graph can run, in the order in which they are usually wanted. */
export const PROVIDERS = ["cuda", "webgpu", "cpu"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** One place where a graph runs: a provider's first device by the provider's name alone, or a card by its number. */
export type Device = Provider | `cuda:${number}`;

/** What a user may ask for: devices, or every one of the first provider that runs. */
export type DeviceChoice = Device | "all";

const CARD = /^cuda:(?:0|[1-9]\d{0,2})$/;

export const isProvider = (name: string): name is Provider => (PROVIDERS as readonly string[]).includes(name);

export const isDevice = (name: string): name is Device => isProvider(name) || CARD.test(name);

export const providerOf = (device: Device): Provider => (isProvider(device) ? device : "cuda");

/**
 * Reads a comma-separated choice of devices: `all` alone, or any of `cpu`, `webgpu`, `cuda` (every card) and `cuda:0`,
 * `cuda:1`, … Names given twice count once.
 *
 * @throws HistoError BAD_ARGUMENT for a name that is none, or none at all; `path` says where the text was given
 */
export const parseDevices = (text: string, path: readonly string[]): readonly DeviceChoice[] => {
  const names = [...new Set(text.split(",").map((name) => name.trim()))].filter((name) => name !== "");
  const unknown = names.find((name) => name !== "all" && !isDevice(name));
  const isMixed = names.includes("all") && names.length > 1;
  if (unknown !== undefined || names.length === 0 || isMixed) {
    const what = isMixed ? '"all" stands alone.' : `"${unknown ?? ""}" is no device.`;
    throw new HistoError("BAD_ARGUMENT", `${path.at(-1) ?? "devices"}: ${what}`, {
      fix: "Use all, or a comma-separated choice of cpu, webgpu, cuda, cuda:0, cuda:1 and so on.",
      path: [...path],
    });
  }
  return names.filter((name): name is DeviceChoice => name === "all" || isDevice(name));
};
