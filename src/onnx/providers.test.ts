import { expect, test } from "vitest";
import { executionProviders } from "./providers.ts";

test("the processor is always among the execution providers, and bundled", () => {
  expect(executionProviders()).toContainEqual({ name: "cpu", bundled: true });
});
