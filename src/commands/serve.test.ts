import { expect, it } from "vitest";
import { untilInterrupted } from "./serve.ts";

const listeners = () => [process.listenerCount("SIGINT"), process.listenerCount("SIGTERM")];

it("waits for one signal only: the next one, whichever it is, ends the process as ever", async () => {
  const before = listeners();
  const interrupted = untilInterrupted();
  expect(listeners()).toEqual(before.map((count) => count + 1));
  process.emit("SIGTERM");
  await interrupted;
  expect(listeners()).toEqual(before);
});
