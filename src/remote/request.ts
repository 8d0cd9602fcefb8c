import { lookup as systemLookup } from "node:dns";
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { BlockList, isIPv4, type LookupFunction } from "node:net";
import * as refusals from "./refusals.ts";

/**
 * Requests to hosts that an operator named, and to nothing else: redirects are not followed, proxies of the environment not
 * used, certificates always checked. A name may lead to a private address, as names of a hospital's servers do, but never to
 * this machine, to link-local addresses or to where else clouds hand out credentials: these must be configured as what they are.
 */

const unexpectedAddresses = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["224.0.0.0", 3],
  // Metadata services that are not link-local: Alibaba's, Azure's.
  ["100.100.100.200", 32],
  ["168.63.129.16", 32],
] as const) {
  unexpectedAddresses.addSubnet(net, bits, "ipv4");
}
for (const [net, bits] of [
  ["::", 127],
  ["fe80::", 10],
  ["ff00::", 8],
  // Metadata services of Amazon and Google, and IPv4's link-local addresses behind a translator (RFC 6052).
  ["fd00:ec2::", 32],
  ["fd20:ce::254", 128],
  ["64:ff9b::a9fe:0", 112],
  ["64:ff9b::7f00:0", 104],
] as const) {
  unexpectedAddresses.addSubnet(net, bits, "ipv6");
}

/** Whether a host's name must not lead to this address. */
export const isUnexpectedAddress = (address: string): boolean => {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  return unexpectedAddresses.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
};

const isThisMachine = (name: string): boolean => name === "localhost" || name.endsWith(".localhost");

/** What is connected to is what was looked at: the check is part of looking the name up. */
const guardedLookup: LookupFunction = (name, options, callback) => {
  systemLookup(name, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, "", 0);
    const good = isThisMachine(name) ? addresses : addresses.filter(({ address }) => !isUnexpectedAddress(address));
    const [first] = good;
    if (!first) return callback(refusals.guarded(), "", 0);
    if (options.all) return callback(null, good);
    callback(null, first.address, first.family);
  });
};

const agents = {
  http: new HttpAgent({ keepAlive: true, lookup: guardedLookup }),
  https: new HttpsAgent({ keepAlive: true, lookup: guardedLookup, rejectUnauthorized: true }),
};

/** Without a byte for so long, a connection counts as broken. */
const IDLE_MS = 30_000;

export type RemoteRequest = {
  method: "GET" | "HEAD" | "PUT" | "DELETE";
  url: URL;
  headers: OutgoingHttpHeaders;
  body?: Uint8Array | undefined;
  signal?: AbortSignal | undefined;
};

/** What Node.js calls a certificate that is not the host's, not valid now, or of nobody that is trusted. */
const CERTIFICATE = /^(CERT_|ERR_TLS_CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_|UNABLE_TO_)/;

/**
 * Rejects with HistoError FORBIDDEN for a certificate or an address that another attempt would not mend, else with the
 * network's error, whose message may name the host: callers replace it.
 */
export const send = ({ method, url, headers, body, signal }: RemoteRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const isSecure = url.protocol === "https:";
    const asked = (isSecure ? httpsRequest : httpRequest)(
      url,
      { method, headers, agent: isSecure ? agents.https : agents.http, timeout: IDLE_MS, ...(signal && { signal }) },
      resolve,
    );
    asked.on("timeout", () => asked.destroy(Object.assign(new Error("The host is silent."), { code: "ETIMEDOUT" })));
    asked.on("error", (error: NodeJS.ErrnoException) => {
      const { code = "" } = error;
      reject(CERTIFICATE.test(code) ? refusals.untrusted(code) : error);
    });
    asked.end(body);
  });
