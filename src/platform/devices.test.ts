import { expect, test } from "vitest";
import { readConfig } from "./config.ts";
import { parseDevices, providerOf } from "./devices.ts";

test("devices are named one by one, each once", () => {
  expect(parseDevices("all", ["device"])).toEqual(["all"]);
  expect(parseDevices(" cuda:0, cuda:1 ,cuda:0", ["device"])).toEqual(["cuda:0", "cuda:1"]);
  expect(parseDevices("cuda,webgpu,cpu,cuda:12", ["device"]).map((name) => name !== "all" && providerOf(name))).toEqual(
    ["cuda", "webgpu", "cpu", "cuda"],
  );
});

test.each(["", "gpu", "cpu:1", "cuda:", "cuda:01", "cuda:-1", "all,cpu", "cuda:0;cuda:1"])(
  "%j is refused with a fix",
  (text) => {
    expect(() => readConfig({ HISTOQL_DEVICES: text })).toThrow(
      expect.objectContaining({ code: "BAD_ARGUMENT", fix: expect.any(String), inputPath: ["HISTOQL_DEVICES"] }),
    );
  },
);

test("devices that are chosen, by the environment or by an option, are all that anything runs on", () => {
  expect(readConfig({})).toMatchObject({ devices: ["all"], providers: ["cuda", "webgpu", "cpu"] });
  expect(readConfig({ HISTOQL_PROVIDERS: "webgpu,cpu" })).toMatchObject({
    devices: ["all"],
    providers: ["webgpu", "cpu"],
  });
  expect(readConfig({ HISTOQL_DEVICES: "cuda:1,cpu", HISTOQL_PROVIDERS: "webgpu" }).providers).toEqual([
    "cuda:1",
    "cpu",
  ]);
  expect(readConfig({}, { devices: ["cpu"] }).providers).toEqual(["cpu"]);
});
