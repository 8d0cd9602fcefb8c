import { extname } from "node:path";
import { type CallThread, startCallThread } from "../../onnx/call-thread.ts";
import type { SlideLayout, SlideRows } from "./writeFile.ts";

/** What the thread is asked, of one file at a time. */
export type WriterCalls = {
  begin: { args: { file: string; layout: SlideLayout; dims: number; hasPlaces: boolean }; result: null };
  append: { args: SlideRows; result: null };
  end: { args: null; result: null };
};

/** The worker's file has the ending of this one: `.ts` from a clone, `.js` once published. */
const WORKER = new URL(`./writer-worker${extname(import.meta.url)}`, import.meta.url);

/** A thread that writes HDF5 files; close it when the last one is written. */
export const startHdf5Writer = (): Promise<CallThread<WriterCalls, null>> =>
  startCallThread<WriterCalls, null>(WORKER, "HDF5", null);
