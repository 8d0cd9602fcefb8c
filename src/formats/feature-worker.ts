import { serveCalls } from "../onnx/call-thread.ts";
import { createFeatureCalls } from "./featureCalls.ts";
import type { FeatureCalls } from "./featureThread.ts";

await serveCalls<FeatureCalls, null>(async () => createFeatureCalls());
