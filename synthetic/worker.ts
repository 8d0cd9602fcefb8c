/** A thread of the renderer: takes one slide task at a time, answers when its files are written. */
import { parentPort } from "node:worker_threads";
import sharp from "sharp";
import { renderSlide, type SlideTask } from "./slide.ts";

// The cohort is parallel over slides already.
sharp.concurrency(1);

parentPort?.on("message", async (task: SlideTask) => {
  parentPort?.postMessage(await renderSlide(task));
});
