import { z } from "zod";
import { HistoError } from "../platform/errors.ts";

const perChannel = z.tuple([z.number(), z.number(), z.number()]);

/**
 * What turns pixel values 0..255 into the numbers that the network was trained on, per channel and in the channel
 * order that the network takes: `(value / 255 - mean) / std`, or 0..255 stretched onto `range`.
 */
const PixelScale = z.union(
  [
    z.strictObject({
      mean: perChannel,
      std: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
    }),
    z.strictObject({
      range: z.tuple([z.number(), z.number()]).refine(([low, high]) => low < high, "the lower end comes first"),
    }),
  ],
  { error: 'must be {"mean": [r, g, b], "std": [r, g, b]} on the scale 0..1, or {"range": [low, high]}' },
);

export const EncoderCardSchema = z.strictObject({
  key: z
    .string()
    .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "lower-case letters, digits, dot, dash and underscore, 64 at most"),
  name: z.string().min(1),
  /** SHA-256 of the ONNX file, in hexadecimal. */
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits, as sha256sum prints them")
    .optional(),
  /** Side of the square that the network takes. */
  inputPixels: z.int().min(8).max(4096),
  /** Resolution at which the network was trained or is best used; null where it has none, as for ImageNet. */
  micronsPerPixel: z.number().min(0.05).max(20).nullable().default(null),
  pixelScale: PixelScale,
  colourOrder: z.enum(["RGB", "BGR"]).default("RGB"),
  layout: z.enum(["NCHW", "NHWC"]).default("NCHW"),
  /** How a region of another size is brought to `inputPixels`; both are antialiased, as Pillow's are. */
  resize: z.enum(["bilinear", "bicubic"]).default("bilinear"),
  input: z.string().min(1),
  output: z.string().min(1),
  /**
   * What makes one vector of the output tensor: `none` [N, D] as it is; `mean` over the image of a feature map (in
   * `layout`'s order); of tokens [N, T, D] `cls-token` the first, `mean-token` the mean behind the `prefixTokens`.
   */
  pooling: z.enum(["none", "mean", "cls-token", "mean-token"]).default("none"),
  /** Tokens in front of the image's own: the class token and any registers. */
  prefixTokens: z.int().min(0).max(64).default(1),
  dims: z.int().min(1).max(16_384),
  licence: z.string().min(1),
  citation: z.string().min(1).nullable().default(null),
  /** Where the weights come from. */
  origin: z.string().min(1).nullable().default(null),
  /** Precision in which vectors are kept when nothing else is asked for. */
  precision: z.enum(["float32", "float16"]).default("float32"),
});

export type EncoderCard = z.infer<typeof EncoderCardSchema>;
/** A card as a person writes it: what has a default may be left out. */
export type EncoderCardInput = z.input<typeof EncoderCardSchema>;

/**
 * Reads an encoder's card from parsed JSON.
 *
 * Throws BAD_ARGUMENT that names every field that is missing, unknown or wrong, with the path of the first below `path`.
 */
export const parseEncoderCard = (json: unknown, path: readonly string[] = ["card"]): EncoderCard => {
  const parsed = EncoderCardSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new HistoError(
    "BAD_ARGUMENT",
    `The encoder card is not valid: ${parsed.error.issues.map(sentence).join("; ")}.`,
    {
      fix: `Correct ${first ? fieldOf(first) || "the card" : "the card"}; encoders/README.md explains every field of a card.`,
      path: [...path, ...(first?.path.map(String) ?? [])],
    },
  );
};

const fieldOf = (issue: z.core.$ZodIssue): string =>
  issue.code === "unrecognized_keys" ? issue.keys.join(", ") : issue.path.join(".");

const sentence = (issue: z.core.$ZodIssue): string => `${fieldOf(issue) || "card"}: ${issue.message}`;
