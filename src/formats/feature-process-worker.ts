import { toPlainError } from "../platform/plain-error.ts";
import { createFeatureCalls } from "./featureCalls.ts";
import type { Answer, Question } from "./featureProcess.ts";

/** A process that reads files of features for its parent; see `featureProcess.ts`. */

const { handlers } = createFeatureCalls();

const answerTo = async ({ id, name, args }: Question): Promise<Answer> => {
  try {
    // The table of calls is a promise between both files, which no message can prove.
    const handle = handlers[name] as (args: unknown) => unknown;
    return { id, result: await handle(args) };
  } catch (error) {
    return { id, error: toPlainError(error) };
  }
};

let last = Promise.resolve();
process.on("message", (question: Question) => {
  last = last.then(async () => {
    process.send?.(await answerTo(question));
  });
});
process.on("disconnect", () => process.exit());
