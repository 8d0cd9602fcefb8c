import { parentPort, workerData } from "node:worker_threads";
import { traceContours } from "./contours.ts";
import type { BinaryImage } from "./maskFilters.ts";

parentPort?.postMessage(traceContours(workerData as BinaryImage));
