import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { cudaCards } from "./cuda-cards.ts";

// A driver of two cards that does nothing else, in the signatures of cuda.h. With a real one, `histoql doctor` shows its cards.
const DRIVER = `
#include <stddef.h>
#include <string.h>
int cuInit(unsigned flags) { return flags; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int ordinal) { *device = 40 + ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) { strncpy(name, device == 41 ? "Second card" : "First card", length); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (size_t)(device - 16) << 30; return 0; }
`;

const folder = mkdtempSync(join(tmpdir(), "histoql-driver-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const library = (() => {
  const [source, target] = [join(folder, "driver.c"), join(folder, "libdriver.so")];
  writeFileSync(source, DRIVER);
  try {
    execFileSync("cc", ["-shared", "-fPIC", "-o", target, source], { stdio: "ignore" });
    return target;
  } catch {
    console.log("skipped: no C compiler makes a driver to count the cards of");
    return null;
  }
})();

test.skipIf(library === null)("the driver's cards come in the order of their numbers", () => {
  expect(cudaCards(library ?? "")).toEqual([
    { name: "First card", memoryBytes: 24 * 2 ** 30 },
    { name: "Second card", memoryBytes: 25 * 2 ** 30 },
  ]);
});

test("without a driver there are none", () => {
  expect(cudaCards(join(folder, "absent.so"))).toEqual([]);
});
