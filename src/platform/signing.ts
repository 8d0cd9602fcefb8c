import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Short-lived signed URLs for pictures and uploads. A URL is made only where the graph has authorised the viewer; whoever
 * holds it may read (or send) that one thing until it expires, so the lifetime is short and the path is part of what is
 * signed.
 */
export type Signer = {
  /** @param lifetimeSeconds 15 minutes by default */
  sign(path: string, lifetimeSeconds?: number): string;
  verify(path: string, query: SignedQuery): boolean;
};
export type SignedQuery = { expires?: unknown; signature?: unknown };

const LIFETIME_SECONDS = 15 * 60;
/** Equal URLs within a minute, so that browsers and Deep Zoom viewers can cache. */
const ROUNDING_SECONDS = 60;

/** @param now seconds since 1970, for tests */
export const createSigner = (secret: Buffer, now: () => number = () => Date.now() / 1000): Signer => {
  const mac = (path: string, expires: number) =>
    createHmac("sha256", secret).update(`${expires}\n${path}`).digest("base64url");
  return {
    sign(path, lifetimeSeconds = LIFETIME_SECONDS) {
      const expires = Math.ceil((now() + lifetimeSeconds) / ROUNDING_SECONDS) * ROUNDING_SECONDS;
      return `${path}?expires=${expires}&signature=${mac(path, expires)}`;
    },
    verify(path, { expires, signature }) {
      const until = Number(expires);
      if (!Number.isSafeInteger(until) || until < now() || typeof signature !== "string") return false;
      const expected = Buffer.from(mac(path, until));
      const given = Buffer.from(signature);
      return expected.length === given.length && timingSafeEqual(expected, given);
    },
  };
};

/** The server's own secret, made once with mode 0600 in the data folder. */
export const readSecret = (dataFolder: string): Buffer => {
  const file = join(dataFolder, "secret");
  try {
    return readFileSync(file);
  } catch {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
    const secret = randomBytes(32);
    try {
      writeFileSync(file, secret, { mode: 0o600, flag: "wx" });
      return secret;
    } catch {
      return readFileSync(file);
    }
  }
};
