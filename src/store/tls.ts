import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { type ConnectionOptions, getCACertificates } from "node:tls";
import { HistoError } from "../platform/errors.ts";

/** How a connection is protected. `plain` is not at all; `verified` checks the certificate's chain and the host name. */
export type Protection = "verified" | "plain" | "local";

export type ServerAddress = {
  /** Without the parameters of TLS, which the driver would read its own way, and without `options`. */
  connectionString: string;
  /** Start-up options that the address names; the driver would take these for all there are. */
  options?: string;
  ssl: ConnectionOptions | false;
  protection: Protection;
};

const TLS_PARAMETERS = ["sslmode", "sslrootcert", "sslcert", "sslkey", "ssl", "uselibpqcompat"] as const;

/** Of libpq's modes, those that encrypt. libpq leaves the certificate unchecked for the first of them; here never. */
const VERIFIED = new Set(["require", "verify-ca", "verify-full"]);

const FIX =
  "Use sslmode=verify-full with sslrootcert=<the CA's certificate, PEM>, or sslrootcert=system for the machine's own CAs; sslmode=disable where the network itself is trusted.";

const refuse = (message: string, cause?: unknown): HistoError =>
  new HistoError("BAD_ARGUMENT", message, { fix: FIX, path: ["DATABASE_URL"], cause });

const readPem = (parameter: string, file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw refuse(`The file that ${parameter} of DATABASE_URL names cannot be read.`, cause);
  }
};

const isLocal = (host: string): boolean =>
  host === "" ||
  host.startsWith("/") ||
  host === "localhost" ||
  host === "::1" ||
  (isIP(host) === 4 && host.startsWith("127."));

const hostOf = (address: string, parameters: URLSearchParams): string => {
  const given = parameters.get("host");
  if (given !== null) return given;
  const authority = address.replace(/^[a-z]+:\/\//i, "").split("/")[0] ?? "";
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return decodeURIComponent(host.replace(/^\[(.*)\](:\d+)?$/, "$1").replace(/^([^:]*):\d+$/, "$1"));
};

/**
 * Reads `DATABASE_URL` for what it says of TLS, strictly: whatever is encrypted is also verified (chain and host name), as
 * with libpq's verify-full, and no mode exists that pretends to.
 * @param env for PGSSLMODE, which stands in for a missing `sslmode`
 * @throws HistoError BAD_ARGUMENT for modes that do not verify, and for files that cannot be read
 */
export const readServerAddress = (url: string, env: Record<string, string | undefined> = {}): ServerAddress => {
  if (url.startsWith("/") || url.startsWith("socket:"))
    return { connectionString: url, ssl: false, protection: "local" };
  const [address = "", query = ""] = url.split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  const [rootCert, cert, key] = [parameters.get("sslrootcert"), parameters.get("sslcert"), parameters.get("sslkey")];
  const files = rootCert !== null || cert !== null || key !== null;
  const mode =
    parameters.get("sslmode") ??
    env.PGSSLMODE ??
    (files || parameters.get("ssl") === "true" ? "verify-full" : "disable");
  const host = hostOf(address, parameters);
  const options = parameters.get("options");
  for (const name of [...TLS_PARAMETERS, "options"]) parameters.delete(name);
  const rest = parameters.toString();
  const server = {
    connectionString: rest === "" ? address : `${address}?${rest}`,
    ...(options !== null && { options }),
  };
  if (mode === "disable") {
    return { ...server, ssl: false, protection: isLocal(host) ? "local" : "plain" };
  }
  if (!VERIFIED.has(mode)) {
    throw refuse(`sslmode=${mode} does not make sure that the PostgreSQL server is the one that is meant.`);
  }
  const ca =
    rootCert === "system"
      ? getCACertificates("system")
      : rootCert === null
        ? undefined
        : readPem("sslrootcert", rootCert);
  return {
    ...server,
    ssl: {
      rejectUnauthorized: true,
      ...(ca !== undefined && { ca }),
      ...(cert !== null && { cert: readPem("sslcert", cert) }),
      ...(key !== null && { key: readPem("sslkey", key) }),
    },
    protection: "verified",
  };
};

/** What OpenSSL and Node say when a certificate does not prove what it should. */
const CERTIFICATE_PROBLEMS: Record<string, string> = {
  ERR_TLS_CERT_ALTNAME_INVALID: "The PostgreSQL server's certificate is for another host name.",
  CERT_HAS_EXPIRED: "The PostgreSQL server's certificate has expired.",
  CERT_NOT_YET_VALID: "The PostgreSQL server's certificate is not valid yet.",
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "The PostgreSQL server's certificate is signed by itself, and by no CA that is trusted here.",
  SELF_SIGNED_CERT_IN_CHAIN: "The PostgreSQL server's certificate comes from a CA that is not trusted here.",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "The PostgreSQL server's certificate comes from a CA that is not trusted here.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The PostgreSQL server's certificate comes from a CA that is not trusted here.",
  CERT_SIGNATURE_FAILURE: "The PostgreSQL server's certificate was not signed by the CA that sslrootcert names.",
};

/** The refusal that a failed handshake stands for; undefined when the failure has nothing to do with TLS. */
export const tlsRefusal = (error: unknown): HistoError | undefined => {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  const problem = CERTIFICATE_PROBLEMS[code ?? ""];
  if (problem !== undefined) {
    const fix =
      code === "ERR_TLS_CERT_ALTNAME_INVALID"
        ? "Write the host in DATABASE_URL as the certificate names it, or have a certificate made that names this host."
        : "Set sslrootcert in DATABASE_URL to the certificate of the CA that signed the server's (PEM); ask the DBA for it.";
    return new HistoError("BAD_ARGUMENT", problem, { fix, path: ["DATABASE_URL"], cause: error });
  }
  if (message === "The server does not support SSL connections") {
    return new HistoError("BAD_ARGUMENT", "The PostgreSQL server does not speak TLS.", {
      fix: "Have the DBA set ssl = on, or use sslmode=disable where the network itself is trusted.",
      path: ["DATABASE_URL"],
      cause: error,
    });
  }
  return undefined;
};
