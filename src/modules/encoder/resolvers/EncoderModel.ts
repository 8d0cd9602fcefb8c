import type { EncoderModelResolvers } from "../../types.generated.ts";
import { cardOf } from "../encoder.service.ts";

export const EncoderModel: EncoderModelResolvers = {
  bytes: ({ modelBytes }) => modelBytes ?? 0,
  output: (encoder) => cardOf(encoder).output,
  pooling: (encoder) => cardOf(encoder).pooling,
  provider: (encoder, _arguments, { app }) => app.encoderSessions.providerOf(encoder),
};
