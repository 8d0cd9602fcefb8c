import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { isUnexpectedAddress, send } from "./request.ts";

/** A name server that answers for one name: no other leads to this machine everywhere. */
vi.mock("node:dns", async (original) => {
  const { lookup, ...others } = await original<typeof import("node:dns")>();
  const answer: typeof lookup = ((name: string, options: object, callback: (...answer: unknown[]) => void) =>
    name === "images.test"
      ? callback(null, [{ address: "127.0.0.1", family: 4 }])
      : lookup(name, options, callback)) as typeof lookup;
  return { ...others, lookup: answer };
});

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

it("a name that leads to this machine is refused, not tried again", async () => {
  const request = send({ method: "GET", url: new URL("http://images.test:9/"), headers: {} });
  const fix = expect.stringContaining("localhost");
  await expect(request).rejects.toMatchObject({
    code: "FORBIDDEN",
    message: expect.not.stringContaining("images"),
    fix,
  });
});

const openssl = (folder: string, ...args: string[]): boolean => {
  try {
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
};

it("a certificate that nobody vouches for is refused, with what to do", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "histoql-certificate-"));
  const made = openssl(
    folder,
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"],
    ...["-keyout", "own.key", "-out", "own.crt"],
  );
  if (!made) context.skip("openssl is not installed");
  const [key, cert] = ["own.key", "own.crt"].map((name) => readFileSync(join(folder, name)));
  const server = createServer({ key, cert }, (_request, response) => response.end("slide"));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  try {
    const { port } = server.address() as AddressInfo;
    const request = send({ method: "GET", url: new URL(`https://127.0.0.1:${port}/`), headers: {} });
    const refusal = { code: "FORBIDDEN", message: expect.stringContaining("DEPTH_ZERO_SELF_SIGNED_CERT") };
    await expect(request).rejects.toMatchObject({ ...refusal, fix: expect.stringContaining("NODE_EXTRA_CA_CERTS") });
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
