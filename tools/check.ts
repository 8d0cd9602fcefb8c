/**
 * Everything about the code that no test shows: types, style, layers, unused code, generated files.
 * Every check runs, whatever the others say; the last line counts them and the exit status is 1 when one failed.
 *
 *     node tools/check.ts
 */
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const LINES_AT_MOST = 300;

const bin = (path: string): string => join(root, "node_modules", path);

const CHECKS: readonly { name: string; command: readonly string[] }[] = [
  { name: "types", command: [bin("typescript/bin/tsc"), "--project", "."] },
  { name: "style", command: [bin("@biomejs/biome/bin/biome"), "ci", "--colors=off"] },
  {
    name: "layers",
    command: [bin("dependency-cruiser/bin/dependency-cruiser.mjs"), "src", "synthetic", "bench", "test", "tools"],
  },
  { name: "unused code", command: [bin("knip/bin/knip.js"), "--no-progress"] },
  { name: "generated files", command: ["tools/codegen.ts", "--check"] },
];

const longFiles = (): string[] =>
  globSync("src/**/*.ts", { cwd: root })
    .filter((path) => !path.includes("generated") && !path.endsWith(".test.ts"))
    .map((path) => ({ path, lines: readFileSync(join(root, path), "utf8").split("\n").length - 1 }))
    .filter(({ lines }) => lines > LINES_AT_MOST)
    .map(({ path, lines }) => `${path} has ${lines} lines`);

let failed = 0;
for (const { name, command } of CHECKS) {
  const begun = performance.now();
  const { status, stdout, stderr, error } = spawnSync(process.execPath, command, { cwd: root, encoding: "utf8" });
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const passed = status === 0;
  if (!passed) failed += 1;
  console.log(`${passed ? "✓" : "✗"} ${name} (${seconds} s)`);
  if (!passed) console.log([error?.message, stdout, stderr].filter(Boolean).join("\n").trimEnd());
}
for (const complaint of longFiles()) console.log(`! ${complaint}; ${LINES_AT_MOST} are enough for one thing`);
console.log(`checks: ${CHECKS.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
