import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Vite would take another build of graphql than the packages that Node loads, and two of them do not mix.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["src/**/*.test.ts", "synthetic/**/*.test.ts", "bench/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Native addons (onnxruntime, koffi, sharp) keep process-wide state; a process per file keeps tests independent.
    pool: "forks",
    // Many tests wait for a database or another process; on two cores a single fork would leave one of them idle.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
