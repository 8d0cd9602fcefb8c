import { AwsV4Signer } from "aws4fetch";
import { digestOf } from "../platform/digest.ts";
import type { S3Settings } from "../platform/hosts.ts";

const NOTHING = digestOf(new Uint8Array());

/** RFC 3986: everything but its unreserved characters is escaped, `/` apart. */
const escapeKey = (key: string): string =>
  key
    .split("/")
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join("/");

type Signable = {
  method: "GET" | "HEAD" | "PUT" | "DELETE";
  url: URL;
  headers?: Record<string, string>;
  body?: Uint8Array | undefined;
  /** Now, unless a test signs at a published time. */
  datetime?: string;
};

/** Headers with which S3 takes a request for one of the key's owner: Signature Version 4, the body's digest included. */
export const signedHeaders = async (
  { region, credentials }: S3Settings,
  { method, url, headers = {}, body, datetime }: Signable,
): Promise<Record<string, string>> => {
  if (!credentials) return headers;
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const signed = await new AwsV4Signer({
    method,
    url: url.href,
    headers: { ...headers, "x-amz-content-sha256": body ? digestOf(body) : NOTHING },
    accessKeyId,
    secretAccessKey,
    ...(sessionToken !== undefined && { sessionToken }),
    ...(datetime !== undefined && { datetime }),
    region,
    service: "s3",
  }).sign();
  return Object.fromEntries(signed.headers);
};

export type S3Request = Omit<Signable, "url" | "datetime"> & {
  bucket: string;
  key: string;
  query?: Record<string, string>;
};

/** The URL (path style, which every S3-compatible server understands) and the headers of a request to a bucket. */
export const s3Request = async (
  settings: S3Settings,
  { bucket, key, query = {}, ...request }: S3Request,
): Promise<{ url: URL; headers: Record<string, string> }> => {
  const url = new URL(`${settings.endpoint}/${bucket}/${escapeKey(key)}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  // `URLSearchParams` writes a space as `+`, which the signature's canonical form does not know.
  url.search = url.search.replaceAll("+", "%20");
  return { url, headers: await signedHeaders(settings, { ...request, url }) };
};

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name?: string) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name ?? ""] ?? whole;
  });

/** A page of ListObjectsV2's answer (asked with `encoding-type=url`): the keys, and where the next page begins. */
export const readListing = (xml: string): { keys: string[]; next: string | undefined } => {
  const isEncoded = /<EncodingType>url<\/EncodingType>/.test(xml);
  const keys = [...xml.matchAll(/<Contents>.*?<Key>(.*?)<\/Key>.*?<\/Contents>/gs)].map(([, key = ""]) => {
    const text = unescapeXml(key);
    return isEncoded ? decodeURIComponent(text.replaceAll("+", " ")) : text;
  });
  const [, next] = /<NextContinuationToken>(.*?)<\/NextContinuationToken>/s.exec(xml) ?? [];
  const isCut = /<IsTruncated>true<\/IsTruncated>/.test(xml);
  return { keys, next: isCut && next !== undefined ? unescapeXml(next) : undefined };
};
