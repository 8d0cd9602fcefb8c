import { openEngine } from "../../learning/engine.ts";
import type { Config } from "../../platform/config.ts";
import { HistoError } from "../../platform/errors.ts";

/**
 * Runs a small graph on each device that was named, since all of them must run. `all` and the processor need no trial.
 * @throws HistoError BAD_ARGUMENT with the first that does not run, and why
 */
export const requireDevices = async ({ devices }: Pick<Config, "devices">): Promise<void> => {
  for (const device of devices) {
    if (device === "all" || device === "cpu") continue;
    try {
      const engine = await openEngine({ providers: [device], threads: 1 });
      await engine.close();
    } catch (cause) {
      const [, reason = ""] = /^[^:]*: (.*)$/s.exec(cause instanceof Error ? cause.message : "") ?? [];
      throw new HistoError("BAD_ARGUMENT", `A device that was chosen does not run here: ${reason || device}`, {
        fix: 'Choose other devices with HISTOQL_DEVICES or --device, such as "cpu" or "all"; the command doctor tells what is missing.',
        path: ["devices"],
        cause,
      });
    }
  }
};
