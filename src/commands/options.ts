import { type ParseArgsConfig, parseArgs } from "node:util";
import { HistoError } from "../platform/errors.ts";

type OptionTypes = NonNullable<ParseArgsConfig["options"]>;

/**
 * Command line arguments after the command's name.
 * @throws HistoError BAD_ARGUMENT for an unknown option, with the command's help
 */
export const parseOptions = <Options extends OptionTypes>(
  command: string,
  args: readonly string[],
  options: Options,
) => {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new HistoError("BAD_ARGUMENT", said.split(". To specify")[0] ?? said, {
      fix: `histoql ${command} --help lists the options.`,
      cause,
    });
  }
};

/** @throws HistoError BAD_ARGUMENT for anything but a number within the limits */
export const requireNumber = (option: string, text: string, lowest: number, highest: number): number => {
  const value = Number(text);
  if (text.trim() !== "" && value >= lowest && value <= highest) return value;
  throw new HistoError("BAD_ARGUMENT", `--${option} ${text} is not a number from ${lowest} to ${highest}.`, {
    fix: `Pass a number from ${lowest} to ${highest}.`,
  });
};

/** @throws HistoError BAD_ARGUMENT for anything but a whole number within the limits, in decimal digits */
export const requireWhole = (option: string, text: string, lowest: number, highest: number): number => {
  if (/^\d+$/.test(text)) return requireNumber(option, text, lowest, highest);
  throw new HistoError("BAD_ARGUMENT", `--${option} ${text} is not a whole number.`, {
    fix: `Pass a whole number from ${lowest} to ${highest}.`,
  });
};

/** @throws HistoError BAD_ARGUMENT */
export const requirePort = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new HistoError("BAD_ARGUMENT", `--port ${text} is not a port.`, {
    fix: "Use a number from 0 to 65535; 0 picks a free one.",
  });
};

/** @throws HistoError BAD_ARGUMENT */
export const requireChoice = <Choice extends string>(
  option: string,
  text: string,
  choices: readonly Choice[],
): Choice => {
  const chosen = choices.find((choice) => choice === text.toUpperCase());
  if (chosen) return chosen;
  throw new HistoError("BAD_ARGUMENT", `--${option} ${text} is no choice.`, {
    fix: `Use one of ${choices.join(", ")}.`,
  });
};
