import { availableParallelism } from "node:os";
import { openEngine } from "../../learning/index.ts";
import type { EngineOptions } from "../../learning/mil/index.ts";
import type { App } from "../context.ts";

/** The first of the configured providers that runs here, with every core for one operator. */
export const chooseEngine = async (app: App): Promise<EngineOptions> => {
  const engine = await openEngine({ providers: app.config.providers });
  const { provider } = engine;
  await engine.close();
  return { provider, threads: availableParallelism() };
};

export const softwareOf = (app: App, engine: EngineOptions) => ({
  histoql: app.version,
  onnxruntime: app.onnxruntimeVersion,
  provider: engine.provider,
  threads: engine.threads,
});
