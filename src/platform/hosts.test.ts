import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAllowed, parseRemote, readArtefactPlace, readHostSettings } from "./hosts.ts";

const settings = (hosts: string[], tokens: string[] = [], endpoint?: string) =>
  readHostSettings({
    hosts,
    tokens,
    endpoint,
    region: "eu-central-1",
    accessKeyId: undefined,
    secretAccessKey: undefined,
    sessionToken: undefined,
  });

const allowed = (url: string, ...hosts: string[]): boolean => isAllowed(parseRemote(url), settings(hosts));

describe("what may be read", () => {
  it.each([
    ["https://images.example.org/slides/a.svs", true],
    ["https://images.example.org/slides/more/a%20b.svs", true],
    ["HTTPS://IMAGES.example.org:443/slides/a.svs", true],
    ["https://images.example.org/slides/../slides/a.svs", true],
    ["https://images.example.org/slides/..a;b/a%252e..svs", true],
    ["https://images.example.org/slides-of-others/a.svs", false],
    ["https://images.example.org/slides/../secret/a.svs", false],
    ["https://images.example.org/slides/%2e%2e/secret/a.svs", false],
    ["https://images.example.org:8443/slides/a.svs", false],
    ["http://images.example.org/slides/a.svs", false],
    ["https://images.example.org.evil.test/slides/a.svs", false],
    ["s3://bucket/cohort/a.svs", true],
    ["s3://bucket/other/a.svs", false],
    ["s3://bucket2/cohort/a.svs", false],
  ])("%s: %s", (url, expected) => {
    expect(allowed(url, "https://images.example.org/slides", "s3://bucket/cohort")).toBe(expected);
  });

  it.each([
    "https://user:password@images.example.org/slides/a.svs",
    "https://images.example.org/slides/a.svs?token=secret",
    "https://images.example.org/slides/a.svs?",
    "https://images.example.org/slides/a.svs#x",
    "https://images.example.org/slides/..%2fsecret/a.svs",
    "https://images.example.org/slides/..;/secret/a.svs",
    "https://images.example.org/slides/..;x=1/secret/a.svs",
    "https://images.example.org/slides/%252e%252e/secret/a.svs",
    "https://images.example.org/slides/.%252E;/secret/a.svs",
    "https://images.example.org/slides/%00a.svs",
    "https://images.example.org/slides/%E0%A4%A.svs",
    "file:///etc/passwd",
    "ftp://images.example.org/slides/a.svs",
    "s3://bucket/cohort/../other/a.svs",
    "s3://bucket/./a.svs",
    "s3://bucket/\ud800.svs",
    "s3:///a.svs",
  ])("is no address: %s", (url) => {
    expect(() => parseRemote(url)).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT" }));
  });

  it("whatever is written behind a prefix, nothing else is reached", () => {
    const given = settings(["https://images.example.org/slides/"]);
    fc.assert(
      fc.property(fc.string(), (rest) => {
        let address: ReturnType<typeof parseRemote>;
        try {
          address = parseRemote(`https://images.example.org/slides/${rest}`);
        } catch {
          return true;
        }
        const { origin, pathname } = new URL(address.url);
        const isInside = origin === "https://images.example.org" && pathname.startsWith("/slides/");
        return isAllowed(address, given) === isInside;
      }),
    );
  });

  it("nothing is while nothing is configured", () => {
    expect(allowed("https://images.example.org/a.svs")).toBe(false);
  });
});

describe("settings", () => {
  it("takes a bare token for a bearer's and another scheme as it is", () => {
    const hosts = ["https://a.test/", "https://b.test:8443/x/"];
    const { authorizations } = settings(hosts, ["a.test=abc==", "b.test:8443=Basic dTpw"]);
    expect(Object.fromEntries(authorizations)).toEqual({ "a.test": "Bearer abc==", "b.test:8443": "Basic dTpw" });
  });

  it.each([
    ["HISTOQL_HOSTS", () => settings(["images.example.org"])],
    ["HISTOQL_HOST_TOKENS", () => settings(["https://a.test/"], ["b.test=secret"])],
    ["HISTOQL_HOST_TOKENS", () => settings(["http://a.test/"], ["a.test=secret"])],
    ["HISTOQL_S3_ENDPOINT", () => settings([], [], "https://user:secret@s3.test/")],
    ["HISTOQL_ARTEFACTS", () => readArtefactPlace("https://a.test/artefacts")],
  ])("refuses a wrong %s without repeating it", (name, read) => {
    expect(read).toThrow(expect.objectContaining({ code: "BAD_ARGUMENT", inputPath: [name] }));
    expect(read).not.toThrow(/secret|a\.test|example/);
  });
});
