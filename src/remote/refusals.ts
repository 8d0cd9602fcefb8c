import { HistoError } from "../platform/errors.ts";

/** What hosts answer, in words that name no host and no address. */

export const absent = () =>
  new HistoError("FILE_NOT_FOUND", "The file is not on its host, or not any more.", {
    fix: "Check the address, or register the slide's new place with registerSlides; then retryJob.",
  });

export const notConfigured = () =>
  new HistoError("FORBIDDEN", "The file is on a host that this machine is not told to read.", {
    fix: "Have the operator give every server and worker the same HISTOQL_HOSTS; then retryJob.",
  });

export const notAllowedThere = () =>
  new HistoError("FORBIDDEN", "The host does not let this server read the file.", {
    fix: "Have the operator check the host's credentials: HISTOQL_HOST_TOKENS, or for S3 AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and this machine's clock.",
  });

/** S3's way to say that a request is signed for another region or endpoint, or by a session that has ended. */
export const notTakenThere = (status: number) =>
  new HistoError("FORBIDDEN", `The S3 server does not take the request: it answers with status ${status}.`, {
    fix: "Have the operator check AWS_REGION, HISTOQL_S3_ENDPOINT and whether AWS_SESSION_TOKEN has expired, and start again; then retryJob.",
  });

export const untrusted = (code: string) =>
  new HistoError("FORBIDDEN", `The host's certificate does not prove that it is the host: ${code}.`, {
    fix: "Have the operator set NODE_EXTRA_CA_CERTS to the certificate of the host's authority (PEM) and start again, or have the host's certificate renewed; then retryJob.",
  });

export const guarded = () =>
  new HistoError("FORBIDDEN", "The host's name leads to this machine, or to addresses that are no host's.", {
    fix: "Have the operator check what the name resolves to on this machine; to mean this machine, write localhost or the address itself.",
  });

export const sentElsewhere = () =>
  new HistoError("FORBIDDEN", "The host sends on to another address, which is not followed.", {
    fix: "Name the file by the address where it is, and have the operator add that to HISTOQL_HOSTS.",
  });

export const unreachable = (reason: string) =>
  new HistoError("FILE_NOT_FOUND", `The file's host did not answer, or broke off again and again: ${reason}.`, {
    fix: "Try again with retryJob once the host is up; what has come so far is kept.",
  });

export const unexpected = (what: string) =>
  new HistoError("FORMAT_UNSUPPORTED", `The file's host ${what}.`, {
    fix: "Serve the file as it is, with its length, such as any web server does for plain files.",
  });

export const changed = () =>
  new HistoError("CONFLICT", "The file on the host has changed since it was registered.", {
    fix: "Register it again with registerSlides, then retryJob.",
  });

export const changing = () =>
  new HistoError("CONFLICT", "The file on the host changed while it was fetched.", {
    fix: "Register it once it has been written whole.",
  });

export const damaged = () =>
  new HistoError("SLIDE_CORRUPT", "The file came with other content than was registered, twice.", {
    fix: "Compare the checksum of the file on its host with the registered one, and restore it there; then retryJob.",
  });

export const tooLarge = (bytes: number, limit: number) =>
  new HistoError("LIMIT_EXCEEDED", `The file has ${bytes} bytes, the cache may hold ${limit}.`, {
    fix: "Have the operator raise HISTOQL_CACHE_BYTES, or mount the folder and name it by a root.",
  });

export const tooManyListed = (limit: number) =>
  new HistoError(
    "LIMIT_EXCEEDED",
    `The address stands for more than ${limit} files, or the bucket's list has no end.`,
    {
      fix: "Name longer prefixes, one after another.",
    },
  );

export const unwritable = (code: string) =>
  new HistoError("LIMIT_EXCEEDED", `The file cannot be kept in the cache: its disk says ${code}.`, {
    fix: "Have the operator free space there, let this server write to HISTOQL_CACHE, or lower HISTOQL_CACHE_BYTES; then retryJob.",
  });
