import { parseEncoderCard } from "../../../inference/encoder-card.ts";
import type { EncoderModelResolvers } from "../../types.generated.ts";

export const EncoderModel: EncoderModelResolvers = {
  bytes: ({ modelBytes }) => modelBytes ?? 0,
  output: ({ card }) => parseEncoderCard(card).output,
  pooling: ({ card }) => parseEncoderCard(card).pooling,
  provider: (encoder, _arguments, { app }) => app.encoderSessions.providerOf(encoder),
};
