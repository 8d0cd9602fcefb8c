import { expect, test } from "vitest";
import { add, toFloat } from "./elementwise.ts";
import { startGraphThread, type TensorData } from "./graph-thread.ts";
import { encodeOnnx } from "./proto.ts";
import { createTape } from "./tape.ts";

const sumGraph = (): Uint8Array => {
  const tape = createTape();
  const halves = toFloat(tape, tape.input("halves", "float16", ["n"]));
  tape.output(add(tape, halves, tape.input("kept", "float32", ["n"])), "sum");
  return encodeOnnx(tape.model("sum"));
};
const halves = (...values: number[]): TensorData => ({
  type: "float16",
  dims: [values.length],
  data: new Uint16Array(new Float16Array(values).buffer),
});

test("what is kept stays in the thread between runs, and what is asked for is a copy", async () => {
  const thread = await startGraphThread({ provider: "cpu", threads: 1 });
  await thread.open("sum", sumGraph());
  await thread.put("slot", { type: "float32", dims: [2], data: Float32Array.of(10, 20) });
  const run = () =>
    thread.run({
      graph: "sum",
      feeds: { halves: halves(1, 0.5) },
      kept: { kept: "slot" },
      keep: { sum: "slot" },
      fetch: ["sum"],
    });
  const first = (await run()).outputs.sum?.data as Float32Array;
  expect([...first]).toEqual([11, 20.5]);
  first.fill(0);
  ((await thread.get("slot")).data as Float32Array).fill(0);
  expect([...((await run()).outputs.sum?.data ?? [])]).toEqual([12, 21]);
  await thread.close();
});

test("a view of a larger buffer is copied, so that its owner keeps it", async () => {
  const thread = await startGraphThread({ provider: "cpu", threads: 1 });
  const whole = Float32Array.of(1, 2, 3, 4);
  await thread.put("slot", { type: "float32", dims: [2], data: whole.subarray(1, 3) });
  expect([...whole]).toEqual([1, 2, 3, 4]);
  expect([...((await thread.get("slot")).data as Float32Array)]).toEqual([2, 3]);
  await thread.close();
});

test("a failed call rejects and the next one is answered; a closed thread refuses", async () => {
  const thread = await startGraphThread({ provider: "cpu", threads: 1 });
  await expect(thread.run({ graph: "none", feeds: {}, fetch: [] })).rejects.toThrow(/No graph none/);
  await expect(thread.get("nothing")).rejects.toThrow(/Nothing is kept/);
  await expect(thread.open("bad", new Uint8Array([1, 2, 3]))).rejects.toThrow();
  await thread.open("sum", sumGraph());
  await thread.close();
  await expect(thread.get("slot")).rejects.toThrow(/closed/);
});
