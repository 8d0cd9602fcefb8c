import { expect, test } from "vitest";
import { runCommand } from "../../test/support/commandLine.ts";
import type { Check } from "./check.ts";

test("doctor says why a device does not run, and fails for one that was named", { timeout: 120_000 }, async () => {
  const command = runCommand(["doctor", "--json"], { HISTOQL_DEVICES: "cpu,cuda:99" });
  expect(await command.ended).toBe(1);
  const checks = command
    .output()
    .stdout.trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Check);
  const found = (name: string) => checks.find(({ check }) => check === name);
  expect(found("devices")).toMatchObject({
    state: "failed",
    detail: expect.stringMatching(/does not run here: cuda:99: ./),
    fix: expect.stringContaining("HISTOQL_DEVICES"),
  });
  for (const provider of ["cuda", "webgpu"]) {
    const check = found(`execution provider ${provider}`);
    if (check?.state === "absent") expect(check.detail).toMatch(/does not run here: .|not in this build/);
  }
});
