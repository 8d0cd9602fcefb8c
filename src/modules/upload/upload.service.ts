import { randomUUID } from "node:crypto";
import { extname, join } from "node:path";
import type { Readable } from "node:stream";
import { authorize, isAllowed, NO_STUDY } from "../../platform/authorisation.ts";
import { HistoError } from "../../platform/errors.ts";
import type { Upload } from "../../store/generated/client.ts";
import type { App, GraphQLContext } from "../context.ts";
import { createUploadFiles, type UploadFiles } from "./upload.files.ts";

type CreateInput = { name: string; bytes: number; sha256?: string | null | undefined };

export const UPLOADS = "/uploads";
/** Both for the bytes to come and, once they have, for the mutation that uses them. */
const LIFETIME_SECONDS = 60 * 60;
const SHA256 = /^[0-9a-f]{64}$/i;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const uploadPath = (id: string): string => `${UPLOADS}/${id}`;

const filesOf = (app: App): UploadFiles => createUploadFiles(join(app.config.dataFolder, "uploads"));

const expiry = (): Date => new Date(Date.now() + LIFETIME_SECONDS * 1000);

/**
 * A place for bytes that are to come, and a signed URL to PUT them to.
 * @throws HistoError LIMIT_EXCEEDED, BAD_ARGUMENT, FORBIDDEN
 */
export const createUpload = async (
  { app, viewer, baseUrl }: GraphQLContext,
  input: CreateInput,
): Promise<{ id: string; url: string; expiresAt: Date }> => {
  // It belongs to no study yet: whoever may write somewhere may send.
  if (!viewer.grants.some(({ studyKey }) => isAllowed(viewer, "study:write", studyKey))) {
    authorize(viewer, "study:write", NO_STUDY);
  }
  const { maxUploadBytes } = app.config;
  if (input.bytes < 1) {
    throw new HistoError("BAD_ARGUMENT", `An upload cannot have ${input.bytes} bytes.`, {
      fix: "Give the size of the file.",
      path: ["bytes"],
    });
  }
  if (input.bytes > maxUploadBytes) {
    throw new HistoError(
      "LIMIT_EXCEEDED",
      `${input.bytes} bytes are more than the ${maxUploadBytes} that an upload may have.`,
      {
        fix: "Copy the file into a folder of the server and name it by path, or have the operator raise HISTOQL_MAX_UPLOAD_BYTES.",
        path: ["bytes"],
      },
    );
  }
  if (input.sha256 != null && !SHA256.test(input.sha256)) {
    throw new HistoError("BAD_ARGUMENT", "sha256 is not a SHA-256 in hex.", {
      fix: "Give its 64 hexadecimal digits, as sha256sum prints them.",
      path: ["sha256"],
    });
  }
  const { id, expiresAt } = await app.prisma.upload.create({
    data: {
      id: randomUUID(),
      // File names may tell who the patient is; the ending tells the format, and that is all that is kept.
      name: extname(input.name).toLowerCase().slice(0, 20),
      bytes: BigInt(input.bytes),
      sha256: input.sha256?.toLowerCase() ?? null,
      createdBy: viewer.name,
      expiresAt: expiry(),
    },
  });
  return { id, url: `${baseUrl}${app.signer.sign(uploadPath(id), LIFETIME_SECONDS)}`, expiresAt };
};

const gone = (): HistoError =>
  new HistoError("NOT_FOUND", "There is no such upload, or it has expired.", {
    fix: "Make another one with createUpload and send the bytes again.",
  });

const findUpload = async (app: App, id: string): Promise<Upload> => {
  const upload = UUID.test(id) ? await app.prisma.upload.findUnique({ where: { id } }) : null;
  if (upload && upload.expiresAt.getTime() > Date.now()) return upload;
  throw gone();
};

/**
 * Receives the bytes of an upload, once. Whoever calls this has checked the URL's signature.
 * @param announcedBytes what the client says that it sends, when it says so
 * @throws HistoError NOT_FOUND when it is gone, CONFLICT the second time, BAD_ARGUMENT for another size or digest
 */
export const receiveUpload = async (
  app: App,
  id: string,
  body: Readable,
  announcedBytes: number | undefined,
): Promise<void> => {
  const { bytes, sha256, receivedAt } = await findUpload(app, id);
  if (receivedAt) {
    throw new HistoError("CONFLICT", "The bytes of this upload are here already.", {
      fix: "Use it, or make another one with createUpload.",
    });
  }
  if (announcedBytes !== undefined && announcedBytes !== Number(bytes)) {
    throw new HistoError("BAD_ARGUMENT", `The upload has ${announcedBytes} bytes, not ${bytes}.`, {
      fix: "Send the file as it is, or make an upload of its size.",
      path: ["bytes"],
    });
  }
  const files = filesOf(app);
  await files.receive(id, body, { bytes: Number(bytes), sha256 });
  await app.prisma.upload.update({ where: { id }, data: { receivedAt: new Date(), expiresAt: expiry() } });
};

/**
 * Runs `use` with an upload's file. The upload is gone afterwards, unless `use` fails (so that the caller may mend the rest
 * of his input) or `keep` is set.
 * @throws HistoError NOT_FOUND, FORBIDDEN for another viewer's, CONFLICT before its bytes are there
 */
export const withUpload = async <Result>(
  { app, viewer }: GraphQLContext,
  id: string,
  path: readonly string[],
  use: (upload: { file: string; ending: string }) => Promise<Result>,
  { keep = false }: { keep?: boolean } = {},
): Promise<Result> => {
  const upload = await findUpload(app, id).catch((error: unknown) => {
    throw error instanceof HistoError ? new HistoError(error.code, error.message, { fix: error.fix, path }) : error;
  });
  if (upload.createdBy !== viewer.name) {
    throw new HistoError("FORBIDDEN", "This upload was made by somebody else.", {
      fix: "Make one of your own with createUpload.",
      path,
    });
  }
  const files = filesOf(app);
  if (!upload.receivedAt || !(await files.has(id))) {
    throw new HistoError("CONFLICT", "The bytes of this upload have not come.", {
      fix: "PUT them to the url that createUpload gave, then ask again.",
      path,
    });
  }
  const result = await use({ file: files.fileOf(id), ending: upload.name });
  if (!keep) await dropUpload(app, id);
  return result;
};

/** Work that is queued may wait. */
const QUEUED_LIFETIME_SECONDS = 7 * 24 * 60 * 60;

/**
 * Keeps an upload for queued work, which takes it by `uploadedFile` and is done with it by `dropUpload`.
 * @throws HistoError as withUpload
 */
export const keepUpload = (context: GraphQLContext, id: string, path: readonly string[]): Promise<void> =>
  withUpload(
    context,
    id,
    path,
    async () => {
      const expiresAt = new Date(Date.now() + QUEUED_LIFETIME_SECONDS * 1000);
      await context.app.prisma.upload.update({ where: { id }, data: { expiresAt } });
    },
    { keep: true },
  );

/** Where the bytes of an upload lie, if they are there. */
export const uploadedFile = (app: App, id: string): string => filesOf(app).fileOf(id);

export const dropUpload = async (app: App, id: string): Promise<void> => {
  await app.prisma.upload.deleteMany({ where: { id } });
  await filesOf(app).remove(id);
};

/** Removes uploads that expired without being used, and bytes that belong to none. */
export const sweepUploads = async (app: App): Promise<void> => {
  const files = filesOf(app);
  // Listed first: what is made meanwhile has its row before its bytes.
  const present = await files.list();
  await app.prisma.upload.deleteMany({ where: { expiresAt: { lt: new Date() } } });
  const rows = await app.prisma.upload.findMany({
    where: { id: { in: present.filter((id) => UUID.test(id)) } },
    select: { id: true },
  });
  const kept = new Set(rows.map(({ id }) => id));
  for (const id of present) if (!kept.has(id)) await files.remove(id);
};
