import { resolve } from "node:path";
import { HistoError } from "./errors.ts";

/** A file (or, ending with a slash, a folder of files) on a host: its URL in normal form, and its path as people read it. */
export type RemoteAddress =
  | { kind: "web"; url: string; host: string; path: string }
  | { kind: "s3"; url: string; bucket: string; path: string };

/** Where S3 buckets are, and who asks. Without a key requests are not signed, as public buckets allow. */
export type S3Settings = {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken: string | undefined } | undefined;
};

export type HostSettings = {
  /** What may be named: an address is allowed when one of these begins it. Paths end with a slash. */
  prefixes: readonly RemoteAddress[];
  /** Authorization headers by host (with its port, where it is not the scheme's own). */
  authorizations: ReadonlyMap<string, string>;
  s3: S3Settings;
};

/** One letter before the colon is a Windows drive. */
const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i;
const S3 = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.*)$/s;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])(:\d+)?$/;

export const isRemote = (path: string): boolean => SCHEME.test(path);

const refuse = (reason: string, fix: string): HistoError => new HistoError("BAD_ARGUMENT", reason, { fix });

/**
 * Servers decode these after the prefix was compared, some of them twice, and then read something else. What follows a
 * semicolon is a parameter to Java's servers: they read `..;x` as `..`.
 */
const hasHiddenTurn = (path: string): boolean =>
  /%(2f|5c|00)/i.test(path) || /\p{Cc}/u.test(path) || /(^|[/\\])(\.|%2e){1,2}(;[^/\\]*)?([/\\]|$)/i.test(path);

const decode = (path: string): string | undefined => {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
};

/**
 * An `https://`, `http://` or `s3://bucket/key` address in its normal form.
 * @throws HistoError BAD_ARGUMENT, which does not repeat it
 */
export const parseRemote = (text: string): RemoteAddress => {
  if (/^s3:/i.test(text)) {
    const [, bucket, path] = S3.exec(text) ?? [];
    // Half a character cannot be escaped.
    if (bucket !== undefined && path !== undefined && !hasHiddenTurn(path) && path.isWellFormed()) {
      return { kind: "s3", url: `s3://${bucket}/${path}`, bucket, path };
    }
    throw refuse("This is no S3 address.", "Write s3://bucket/key, without . or .. in the key.");
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw refuse("This is no address of a file.", "Write https://host/path, http://host/path or s3://bucket/key.");
  }
  if (url.username || url.password || url.search || url.hash || /[?#]/.test(text)) {
    throw refuse(
      "An address must not hold a user, a query or a fragment.",
      "Addresses are stored: let the operator give credentials with HISTOQL_HOST_TOKENS instead.",
    );
  }
  const path = decode(url.pathname);
  if (path === undefined || hasHiddenTurn(url.pathname) || hasHiddenTurn(path)) {
    throw refuse("The address hides a slash, a dot or a control character.", "Write it as a browser shows it.");
  }
  return { kind: "web", url: url.href, host: url.host, path };
};

/** Whether the operator lets this address be read. */
export const isAllowed = (address: RemoteAddress, { prefixes }: HostSettings): boolean =>
  prefixes.some((prefix) => address.url.startsWith(prefix.url));

const misconfigured = (name: string, reason: string, fix: string): HistoError =>
  new HistoError("BAD_ARGUMENT", `${name}: ${reason}`, { fix, path: [name] });

/** A prefix ends with a slash, so that `…/slides` does not open `…/slides-of-others`. */
const parsePrefix = (text: string): RemoteAddress => {
  try {
    const whole = text.endsWith("/") ? text : `${text}/`;
    return parseRemote(whole);
  } catch {
    throw misconfigured(
      "HISTOQL_HOSTS",
      "an entry is no address.",
      "Separate entries such as https://images.example.org/slides/ or s3://bucket/prefix/ by commas.",
    );
  }
};

const parseAuthorization = (entry: string, prefixes: readonly RemoteAddress[]): [string, string] => {
  const name = "HISTOQL_HOST_TOKENS";
  const at = entry.indexOf("=");
  const host = entry.slice(0, at).trim().toLowerCase();
  const value = entry.slice(at + 1).trim();
  const own = prefixes.filter((prefix) => prefix.kind === "web" && prefix.host === host);
  if (at < 1 || value === "" || own.length === 0) {
    throw misconfigured(name, "an entry names no host of HISTOQL_HOSTS.", "Write host=token, separated by commas.");
  }
  if (own.some(({ url }) => url.startsWith("http:")) && !LOOPBACK.test(host)) {
    throw misconfigured(name, "a token would be sent unencrypted.", "Use https:// for this host in HISTOQL_HOSTS.");
  }
  // A bare token is a bearer's; `Basic …` and other schemes are given whole.
  return [host, value.includes(" ") ? value : `Bearer ${value}`];
};

type HostEnvironment = {
  hosts: readonly string[];
  tokens: readonly string[];
  endpoint: string | undefined;
  region: string;
  accessKeyId: string | undefined;
  secretAccessKey: string | undefined;
  sessionToken: string | undefined;
};

/** @throws HistoError BAD_ARGUMENT naming the variable, never its value */
export const readHostSettings = (given: HostEnvironment): HostSettings => {
  const prefixes = given.hosts.map(parsePrefix);
  const endpoint = given.endpoint ?? `https://s3.${given.region}.amazonaws.com`;
  if (!URL.canParse(endpoint) || !/^https?:\/\/[^/?#@]+\/?$/.test(endpoint)) {
    throw misconfigured("HISTOQL_S3_ENDPOINT", "this is no endpoint.", "Write https://host or https://host:port.");
  }
  const { accessKeyId, secretAccessKey, sessionToken } = given;
  return {
    prefixes,
    authorizations: new Map(given.tokens.map((entry) => parseAuthorization(entry, prefixes))),
    s3: {
      endpoint: endpoint.replace(/\/$/, ""),
      region: given.region,
      credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined,
    },
  };
};

/** Where artefacts are shared: a mounted folder, or a place in a bucket. */
export type ArtefactPlace = { kind: "folder"; folder: string } | { kind: "s3"; bucket: string; prefix: string };

/** @throws HistoError BAD_ARGUMENT naming the variable */
export const readArtefactPlace = (text: string | undefined): ArtefactPlace | undefined => {
  if (text === undefined) return undefined;
  if (!isRemote(text)) return { kind: "folder", folder: resolve(text) };
  try {
    const place = parseRemote(text.endsWith("/") ? text : `${text}/`);
    if (place.kind === "s3") return { kind: "s3", bucket: place.bucket, prefix: place.path };
  } catch {
    // Said below.
  }
  throw misconfigured(
    "HISTOQL_ARTEFACTS",
    "artefacts can be shared by a folder or an S3 bucket only.",
    "Give a folder that every machine mounts, or s3://bucket/prefix.",
  );
};
