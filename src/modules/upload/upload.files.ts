import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Readable, Transform, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { HistoError } from "../../platform/errors.ts";

/** The bytes of uploads: `<id>.part` while they come in, `<id>` once they are whole and verified. */
export type UploadFiles = {
  fileOf(id: string): string;
  has(id: string): Promise<boolean>;
  /**
   * Streams bytes to disk; leaves nothing behind unless there are as many as expected, with the digest expected.
   * @throws HistoError CONFLICT while another one is writing, BAD_ARGUMENT for another size or digest
   */
  receive(id: string, body: Readable, expected: { bytes: number; sha256: string | null }): Promise<void>;
  remove(id: string): Promise<void>;
  /** Ids of which there are bytes, whole or not. */
  list(): Promise<string[]>;
};

const PART = ".part";

const wrongSize = (bytes: number, expected: number): HistoError =>
  new HistoError(
    "BAD_ARGUMENT",
    `The upload has ${bytes} bytes${bytes > expected ? " or more" : ""}, not ${expected}.`,
    {
      fix: "Send the file as it is, or make an upload of its size.",
      path: ["bytes"],
    },
  );

/** Like `pipeline`, but the body is left open when writing fails: a request that is destroyed can no longer be answered. */
const writeBody = async (body: Readable, verify: Transform, file: Writable): Promise<void> => {
  const breakOff = () => {
    if (!body.readableEnded) verify.destroy(new HistoError("BAD_ARGUMENT", "The upload broke off."));
  };
  body.once("close", breakOff).on("error", breakOff);
  const written = pipeline(verify, file);
  body.pipe(verify);
  try {
    await written;
  } finally {
    body.off("close", breakOff).unpipe(verify);
    body.resume();
  }
};

export const createUploadFiles = (folder: string): UploadFiles => {
  const fileOf = (id: string) => join(folder, id);
  const has = (id: string) =>
    stat(fileOf(id)).then(
      () => true,
      () => false,
    );
  return {
    fileOf,
    has,
    async receive(id, body, { bytes, sha256 }) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const part = `${fileOf(id)}${PART}`;
      const hash = createHash("sha256");
      let received = 0;
      const verify = new Transform({
        transform(chunk: Buffer, _encoding, done) {
          received += chunk.length;
          if (received > bytes) return done(wrongSize(received, bytes));
          hash.update(chunk);
          done(null, chunk);
        },
      });
      try {
        await writeBody(body, verify, createWriteStream(part, { flags: "wx", mode: 0o600 }));
        if (received !== bytes) throw wrongSize(received, bytes);
        const digest = hash.digest("hex");
        if (sha256 !== null && digest !== sha256) {
          throw new HistoError("BAD_ARGUMENT", "The upload has another SHA-256 than was announced.", {
            fix: "Send the bytes again; they were changed on the way, or are those of another file.",
            path: ["sha256"],
          });
        }
        await rename(part, fileOf(id));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") {
          throw new HistoError("CONFLICT", "These bytes are being received already.", {
            fix: "Wait for the other request, or make another upload.",
          });
        }
        await rm(part, { force: true });
        throw error;
      }
    },
    async remove(id) {
      await Promise.all([fileOf(id), `${fileOf(id)}${PART}`].map((file) => rm(file, { force: true })));
    },
    async list() {
      const names = await readdir(folder).catch(() => []);
      return [...new Set(names.map((name) => (name.endsWith(PART) ? name.slice(0, -PART.length) : name)))];
    },
  };
};
