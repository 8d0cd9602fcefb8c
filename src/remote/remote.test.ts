import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FileHost, startFileHost } from "../../test/support/fileHost.ts";
import { parseRemote, type RemoteAddress } from "../platform/hosts.ts";
import { createRemote } from "./remote.ts";

const KEY = { accessKeyId: "AKIDTEST", secretAccessKey: "secret" };

describe("the list of a bucket", () => {
  let host: FileHost;
  beforeEach(async () => {
    host = await startFileHost({ s3: KEY });
    for (const name of ["a", "b", "c", "d", "e"]) host.files.set(`/bank/${name}.svs`, Buffer.from(name));
  });
  afterEach(() => host.close());

  const list = (most?: number) => {
    const address = parseRemote("s3://bank/") as Extract<RemoteAddress, { kind: "s3" }>;
    const credentials = { ...KEY, sessionToken: undefined };
    const s3 = { endpoint: host.origin, region: "us-east-1", credentials };
    return createRemote({ prefixes: [address], authorizations: new Map(), s3 }, most).list(address);
  };

  it("is whole, page by page", async () => {
    expect(await list(5)).toEqual(["a", "b", "c", "d", "e"].map((name) => `s3://bank/${name}.svs`));
  });

  it("is not longer than it may be", async () => {
    const fix = expect.stringContaining("prefixes");
    await expect(list(4)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED", fix });
  });

  it("that leads back to where it was has an end", async () => {
    host.faults.repeatsPage = true;
    await expect(list()).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(host.asked.length).toBe(2);
  });
});
