import { setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import { serveCalls } from "../onnx/call-thread.ts";
import type { EmbedRequest, EncoderCalls, EncoderReady, EncoderWorkerData } from "./encoder-messages.ts";
import { openEncoderRunner } from "./encoder-runner.ts";

// The thread in which one encoder lives.

/** 0 is a process's ordinary niceness, 19 the greatest. */
const ENCODER_NICENESS = 5;

// What reads, stores and answers goes first: it takes little, and the encoder would otherwise wait for it anyway.
// On Linux this is the thread's own priority, which the operator threads that it starts inherit.
if (process.platform === "linux") setPriority(ENCODER_NICENESS);

await serveCalls<EncoderCalls, EncoderReady>(async () => {
  const runner = await openEncoderRunner(workerData as EncoderWorkerData);
  return {
    ready: runner.ready,
    handlers: {
      embed: async ({ pixels, patches, height, width, stain }) => ({
        vectors: await runner.embed(pixels, patches, height, width, stain),
        pixels,
        ranOn: runner.ready.ranOn,
        patchesPerRun: runner.patchesPerRun(),
      }),
      sweep: async ({ candidates, budgetMs }) => ({ trials: await runner.sweep(candidates, budgetMs) }),
      setPatchesPerRun: ({ patches, atMost }) => {
        runner.setPatchesPerRun(atMost ? Math.min(patches, runner.patchesPerRun()) : patches);
        return null;
      },
    },
    // Its runs alternate with those of the batch under way.
    isUrgent: (args) => (args as Partial<EmbedRequest>).urgent === true,
    close: () => runner.close(),
  };
});
