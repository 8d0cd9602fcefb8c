import { HistoError } from "../../platform/errors.ts";

const MAX_PATTERN_LENGTH = 200;
/** No key is longer, and a pattern's time may grow with the text that it is tried on. */
const MAX_TEXT_LENGTH = 200;

/**
 * What a regular expression of the caller finds in a text: its named group `patient` or `slide`; undefined where it finds
 * nothing.
 * @param field of the input, for the error's path
 * @throws HistoError BAD_ARGUMENT
 */
export const compileKeyPattern = (
  pattern: string,
  group: "patient" | "slide",
  field: string,
): ((text: string) => string | undefined) => {
  const refuse = (message: string): never => {
    throw new HistoError("BAD_ARGUMENT", message, {
      fix: `Write a regular expression with a group named ${group}, such as ${group === "patient" ? "^(?<patient>TCGA-[^-]+-[^-]+)" : "^(?<slide>.+)[.]svs$"}`,
      path: [field],
    });
  };
  if (pattern.length > MAX_PATTERN_LENGTH) refuse(`${field} is longer than ${MAX_PATTERN_LENGTH} characters.`);
  if (!pattern.includes(`(?<${group}>`)) refuse(`${field} has no group named ${group}.`);
  let expression: RegExp;
  try {
    expression = new RegExp(pattern, "u");
  } catch {
    return refuse(`${field} is not a regular expression.`);
  }
  return (text) => (text.length > MAX_TEXT_LENGTH ? undefined : expression.exec(text)?.groups?.[group] || undefined);
};
