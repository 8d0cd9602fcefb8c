import { createHash, createHmac } from "node:crypto";

/**
 * Checks Signature Version 4 as a server does, from the bytes of the request alone: "Authenticating Requests: Using the
 * Authorization Header" in the API reference of Amazon S3, whose examples test this.
 */
export type SignedRequest = {
  method: string;
  /** As it came: path and query, still escaped. */
  url: string;
  headers: Record<string, string | undefined>;
};

const sha256 = (data: string | Uint8Array): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const canonicalQuery = (query: string): string =>
  query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name = "", value = ""] = pair.split("=", 2);
      return `${uriEncode(decodeURIComponent(name))}=${uriEncode(decodeURIComponent(value))}`;
    })
    .sort()
    .join("&");

/** The signature that the request must have; null when it has none. */
export const expectedSignature = ({ method, url, headers }: SignedRequest, secret: string): string | null => {
  const [, scope = "", names = ""] =
    /Credential=[^/]+\/([^,]+),\s*SignedHeaders=([^,]+),/.exec(headers.authorization ?? "") ?? [];
  const [date = "", region = "", service = ""] = scope.split("/");
  if (names === "") return null;
  const [path = "", query = ""] = url.split("?", 2);
  const canonical = [
    method,
    path
      .split("/")
      .map((part) => uriEncode(decodeURIComponent(part)))
      .join("/"),
    canonicalQuery(query),
    ...names.split(";").map((name) => `${name}:${(headers[name] ?? "").trim()}`),
    "",
    names,
    headers["x-amz-content-sha256"] ?? "",
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", headers["x-amz-date"] ?? "", scope, sha256(canonical)].join("\n");
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), service), "aws4_request");
  return hmac(key, toSign).toString("hex");
};

const MAX_SKEW_MS = 15 * 60 * 1000;

/** Why a server refuses the request; undefined where it is good. */
export const whyRefused = (request: SignedRequest, body: Uint8Array, secret: string): string | undefined => {
  const { authorization, "x-amz-date": date = "", "x-amz-content-sha256": digest } = request.headers;
  const [, given] = /Signature=([0-9a-f]{64})$/.exec(authorization ?? "") ?? [];
  const time = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (given === undefined) return "MissingSecurityHeader";
  if (!(Math.abs(Date.now() - time) < MAX_SKEW_MS)) return "RequestTimeTooSkewed";
  if (digest !== sha256(body)) return "XAmzContentSHA256Mismatch";
  return given === expectedSignature(request, secret) ? undefined : "SignatureDoesNotMatch";
};
