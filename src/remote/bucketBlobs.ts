import type { IncomingMessage } from "node:http";
import { HistoError } from "../platform/errors.ts";
import type { S3Settings } from "../platform/hosts.ts";
import { persist, readBytes, TransientError, toTransient } from "./remote.ts";
import { send } from "./request.ts";
import { s3Request } from "./s3.ts";

const unusable = (status: number): HistoError =>
  new HistoError("FORBIDDEN", `The bucket of the artefacts answers with status ${status}.`, {
    fix: "Have the operator check HISTOQL_ARTEFACTS, HISTOQL_S3_ENDPOINT and the credentials, which must allow reading, writing and listing there; also AWS_REGION, whether AWS_SESSION_TOKEN has expired, and this machine's clock.",
  });

const unreachable = (reason: string): HistoError =>
  new HistoError("FILE_NOT_FOUND", `The bucket of the artefacts does not answer: ${reason}.`, {
    fix: "Try again once it does; then retryJob.",
  });

/** Bytes by name below a prefix of a bucket. @throws HistoError FORBIDDEN, FILE_NOT_FOUND when the bucket is away */
export const bucketBlobs = (settings: S3Settings, { bucket, prefix }: { bucket: string; prefix: string }) => {
  const ask = <Result>(
    method: "GET" | "HEAD" | "PUT" | "DELETE",
    name: string,
    use: (answer: IncomingMessage) => Promise<Result>,
    body?: Uint8Array,
  ): Promise<Result | undefined> =>
    persist(
      async () => {
        const asked = await s3Request(settings, { method, bucket, key: `${prefix}${name}`, body });
        try {
          const answer = await send({ method, ...asked, body });
          const status = answer.statusCode ?? 0;
          if (status === 200 || status === 204) return await use(answer);
          answer.resume();
          if (status === 404) return undefined;
          if (status >= 500 || status === 429) throw new TransientError(`status ${status}`);
          throw unusable(status);
        } catch (error) {
          throw toTransient(error);
        }
      },
      { giveUp: unreachable },
    );
  const drain = async (answer: IncomingMessage): Promise<true> => {
    answer.resume();
    return true;
  };
  return {
    read: (name: string): Promise<Buffer | undefined> => ask("GET", name, readBytes),
    async write(name: string, bytes: Uint8Array): Promise<void> {
      // A bucket shows an object when all of it has come.
      if (!(await ask("PUT", name, drain, bytes))) throw unusable(404);
    },
    sizeOf: (name: string): Promise<number | undefined> =>
      ask("HEAD", name, async (answer) => {
        answer.resume();
        return Number(answer.headers["content-length"]);
      }),
    async remove(name: string): Promise<void> {
      await ask("DELETE", name, drain);
    },
  };
};
