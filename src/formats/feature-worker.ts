import { serveCalls } from "../onnx/call-thread.ts";
import { createSharedSlot } from "../onnx/shared-slot.ts";
import { createFeatureCalls } from "./featureCalls.ts";
import type { FeatureCalls } from "./featureThread.ts";

/**
 * Vectors are handed over in two pieces of memory in turns that both threads see: megabytes that change hands by the thousand would
 * keep the other thread's garbage collector busy, which has a whole server to look through.
 */
await serveCalls<FeatureCalls, null>(async () => {
  const service = createFeatureCalls();
  const slots = [createSharedSlot(), createSharedSlot()] as const;
  let turn: 0 | 1 = 0;
  return {
    ...service,
    handlers: {
      ...service.handlers,
      async read(range) {
        const { halves } = await service.handlers.read(range);
        const shared = new Uint16Array(slots[turn](halves.byteLength), 0, halves.length);
        turn = turn === 0 ? 1 : 0;
        shared.set(halves);
        return { halves: shared };
      },
    },
  };
});
