import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type EncoderCard, parseEncoderCard } from "./encoder-card.ts";

export const BUNDLED_ENCODER_KEY = "efficientnet-lite0";

const folder = new URL("../../encoders/", import.meta.url);

/** Card and ONNX file of the encoder that comes with the program: EfficientNet-Lite0, ImageNet weights, Apache-2.0. */
export const bundledEncoder = async (): Promise<{ card: EncoderCard; model: { file: string } }> => {
  const card = parseEncoderCard(JSON.parse(await readFile(new URL(`${BUNDLED_ENCODER_KEY}.json`, folder), "utf8")));
  return { card, model: { file: fileURLToPath(new URL(`${BUNDLED_ENCODER_KEY}.onnx`, folder)) } };
};
