import { describe, expect, it } from "vitest";
import { expectedSignature } from "../../test/support/sigV4.ts";
import { readListing, s3Request, signedHeaders } from "./s3.ts";

/** The examples of "Authenticating Requests: Using the Authorization Header" in the API reference of Amazon S3. */
const settings = {
  endpoint: "https://s3.amazonaws.com",
  region: "us-east-1",
  credentials: {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    sessionToken: undefined,
  },
};
const HOST = "examplebucket.s3.amazonaws.com";
const NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const LIST = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7";
const LIFECYCLE = "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543";

const credential = (names: string) =>
  `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=?`;
const common = { host: HOST, "x-amz-date": "20130524T000000Z", "x-amz-content-sha256": NOTHING };

describe("signatures", () => {
  it.each([
    ["/?max-keys=2&prefix=J", LIST],
    ["/?lifecycle=", LIFECYCLE],
  ])("are those that Amazon publishes: %s", async (path, signature) => {
    const url = new URL(`https://${HOST}${path}`);
    const { authorization } = await signedHeaders(settings, { method: "GET", url, datetime: "20130524T000000Z" });
    expect(authorization).toMatch(new RegExp(`, Signature=${signature}$`));
  });

  it("are checked by the tests' server as Amazon publishes them", () => {
    const { secretAccessKey } = settings.credentials;
    const names = "host;range;x-amz-content-sha256;x-amz-date";
    const ranged = { ...common, range: "bytes=0-9", authorization: credential(names) };
    expect(expectedSignature({ method: "GET", url: "/test.txt", headers: ranged }, secretAccessKey)).toBe(
      "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    const put = {
      ...common,
      date: "Fri, 24 May 2013 00:00:00 GMT",
      "x-amz-content-sha256": "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      "x-amz-storage-class": "REDUCED_REDUNDANCY",
      authorization: credential("date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class"),
    };
    expect(expectedSignature({ method: "PUT", url: "/test%24file.text", headers: put }, secretAccessKey)).toBe(
      "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    const list = { ...common, authorization: credential("host;x-amz-content-sha256;x-amz-date") };
    expect(expectedSignature({ method: "GET", url: "/?max-keys=2&prefix=J", headers: list }, secretAccessKey)).toBe(
      LIST,
    );
  });

  it("of keys with characters of every kind are those that the server expects", async () => {
    const { url, headers } = await s3Request(settings, {
      method: "GET",
      bucket: "bucket",
      key: "a b/ü+&=(1)*'!%41~.svs",
      query: { prefix: "a b+ü/", "list-type": "2" },
    });
    const given = /Signature=([0-9a-f]+)$/.exec(headers.authorization ?? "")?.[1];
    const request = { method: "GET", url: `${url.pathname}${url.search}`, headers: { ...headers, host: url.host } };
    expect(given).toBe(expectedSignature(request, settings.credentials.secretAccessKey));
    expect(decodeURIComponent(url.pathname)).toBe("/bucket/a b/ü+&=(1)*'!%41~.svs");
  });

  it("of a session name it, and are for it alone", async () => {
    const session = { ...settings, credentials: { ...settings.credentials, sessionToken: "FwoGZXIvYXdzE+/=" } };
    const { url, headers } = await s3Request(session, { method: "GET", bucket: "bucket", key: "a.svs" });
    expect(headers["x-amz-security-token"]).toBe("FwoGZXIvYXdzE+/=");
    expect(headers.authorization).toMatch(/SignedHeaders=[^,]*;x-amz-security-token,/);
    const request = { method: "GET", url: url.pathname, headers: { ...headers, host: url.host } };
    const given = /Signature=([0-9a-f]+)$/.exec(headers.authorization ?? "")?.[1];
    expect(given).toBe(expectedSignature(request, settings.credentials.secretAccessKey));
  });

  it("are left out where there is no key", async () => {
    const { headers } = await s3Request(
      { ...settings, credentials: undefined },
      { method: "GET", bucket: "b", key: "k" },
    );
    expect(headers).toEqual({});
  });
});

it("a listing tells keys as they are, and where it goes on", () => {
  const page = (more: string) =>
    `<ListBucketResult><EncodingType>url</EncodingType>${more}<Contents><Key>a+b/%C3%BC%2B1.svs</Key></Contents><Contents><Key>c&amp;d.svs</Key></Contents></ListBucketResult>`;
  expect(readListing(page("<IsTruncated>false</IsTruncated>"))).toEqual({
    keys: ["a b/ü+1.svs", "c&d.svs"],
    next: undefined,
  });
  const cut = "<IsTruncated>true</IsTruncated><NextContinuationToken>x&amp;y</NextContinuationToken>";
  expect(readListing(page(cut)).next).toBe("x&y");
});
