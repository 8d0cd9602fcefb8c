import { expect, it } from "vitest";
import { isUnexpectedAddress, send } from "./request.ts";

it.each([
  ["127.0.0.1", true],
  ["169.254.169.254", true],
  ["::ffff:169.254.169.254", true],
  ["0.0.0.0", true],
  ["::1", true],
  ["::", true],
  ["fe80::1", true],
  ["239.1.1.1", true],
  ["::ffff:a9fe:a9fe", true],
  ["64:ff9b::a9fe:a9fe", true],
  ["fd00:ec2::254", true],
  ["fd20:ce::254", true],
  ["100.100.100.200", true],
  ["168.63.129.16", true],
  ["10.1.2.3", false],
  ["192.168.1.1", false],
  ["fd00::1", false],
  ["93.184.216.34", false],
])("a host's name must not lead to %s: %s", (address, expected) => {
  expect(isUnexpectedAddress(address)).toBe(expected);
});

it("localhost may lead to this machine, as it says", async () => {
  const request = send({ method: "GET", url: new URL("http://localhost:9/"), headers: {} });
  await expect(request).rejects.toMatchObject({ code: "ECONNREFUSED" });
});
