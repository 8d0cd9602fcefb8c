import { readFile } from "node:fs/promises";
import { type EncoderCard, parseEncoderCard } from "../../inference/encoder-card.ts";
import { checkDigest, inspectModel } from "../../inference/inspect-model.ts";
import { authorize, NO_STUDY } from "../../platform/authorisation.ts";
import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import type { Encoder } from "../../store/generated/client.ts";
import type { App, GraphQLContext } from "../context.ts";
import { requireFile } from "../slide/roots.ts";
import { requireKey } from "../study/study.service.ts";
import { withUpload } from "../upload/upload.service.ts";

type RegisterInput = {
  key: string;
  name: string;
  dims: number;
  path?: string | null | undefined;
  upload?: string | null | undefined;
  card: unknown;
  licence?: string | null | undefined;
  citation?: string | null | undefined;
};

/** Encoders belong to no study: whoever may read anything may read them. */
export const findEncoder = ({ app, viewer }: GraphQLContext, key: string): Promise<Encoder | null> => {
  authorize(viewer, "encoder:read", NO_STUDY);
  return app.prisma.encoder.findUnique({ where: { key } });
};

export const listEncoders = ({ app, viewer }: GraphQLContext): Promise<Encoder[]> => {
  authorize(viewer, "encoder:read", NO_STUDY);
  return app.prisma.encoder.findMany({ orderBy: { key: "asc" } });
};

/** The card of a stored encoder that has a model. */
export const cardOf = (encoder: Encoder): EncoderCard => parseEncoderCard(encoder.card);

export type NewEncoder = {
  key: string;
  name: string;
  card: EncoderCard;
  model: Uint8Array | undefined;
  licence: string | null;
  citation: string | null;
};

/**
 * Stores an encoder and its model; the same again changes nothing.
 * @throws HistoError CONFLICT when the key stands for another encoder
 */
export const storeEncoder = async (app: App, encoder: NewEncoder): Promise<Encoder> => {
  const { key, name, card, model, licence, citation } = encoder;
  const modelDigest = model ? await app.artefacts.put(model) : null;
  const digest = modelDigest === null ? null : digestOf({ model: modelDigest, card });
  const known = await app.prisma.encoder.findUnique({ where: { key } });
  const isSame = known?.digest === digest && known?.dims === card.dims;
  if (known && isSame) return known;
  if (known && known.digest !== null) {
    throw new HistoError("CONFLICT", `There is an encoder "${key}" already, with another model or card.`, {
      fix: "Choose another key: vectors of different models must not mix.",
      path: ["key"],
    });
  }
  const values = {
    name,
    dims: card.dims,
    inputPixels: card.inputPixels,
    micronsPerPixel: card.micronsPerPixel ?? null,
    digest,
    modelDigest,
    modelBytes: model?.byteLength ?? null,
    card,
    licence,
    citation,
  };
  if (known && known.dims !== card.dims) {
    throw new HistoError("DIMENSION_MISMATCH", `Encoder "${key}" is known with ${known.dims} dims, not ${card.dims}.`, {
      fix: "Correct dims, or choose another key.",
      path: ["dims"],
    });
  }
  return app.prisma.encoder.upsert({ where: { key }, create: { key, ...values }, update: values });
};

/** The card, with what the input says already filled in. */
const readCard = (input: RegisterInput): EncoderCard => {
  const given = typeof input.card === "object" && input.card !== null ? input.card : {};
  const licence = input.licence == null ? {} : { licence: input.licence };
  const card = parseEncoderCard({ key: input.key, name: input.name, dims: input.dims, ...licence, ...given });
  if (card.dims === input.dims) return card;
  throw new HistoError("DIMENSION_MISMATCH", `dims is ${input.dims}, the card says ${card.dims}.`, {
    fix: "Give the length of the chosen output in both places.",
    path: ["dims"],
  });
};

/**
 * Registers an encoder from an ONNX file (under the configured roots, or uploaded), or by name only.
 * @throws HistoError BAD_ARGUMENT, DIMENSION_MISMATCH, MODEL_INCOMPATIBLE, FILE_NOT_FOUND, FORBIDDEN, CONFLICT
 */
export const registerEncoder = async (context: GraphQLContext, input: RegisterInput): Promise<Encoder> => {
  const { app, viewer } = context;
  authorize(viewer, "encoder:write", NO_STUDY);
  const key = requireKey(input.key, ["key"]);
  const card = readCard(input);
  const store = (model: Uint8Array | undefined): Promise<Encoder> => {
    if (model) {
      checkDigest(model, card);
      inspectModel(model, card);
    }
    const { licence } = card;
    return storeEncoder(app, {
      key,
      name: input.name,
      card,
      model,
      licence,
      citation: input.citation ?? card.citation,
    });
  };
  if (input.upload == null)
    return store(input.path == null ? undefined : await readFile(await requireFile(input.path, app.config.roots)));
  if (input.path != null) {
    throw new HistoError("BAD_ARGUMENT", "A model is given by upload or by path, not by both.", { path: ["upload"] });
  }
  return withUpload(context, input.upload, ["upload"], async ({ file }) => store(await readFile(file)));
};
