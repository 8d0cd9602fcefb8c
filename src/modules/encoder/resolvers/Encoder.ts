import { encodeId } from "../../../platform/ids.ts";
import type { EncoderResolvers } from "../../types.generated.ts";

export const Encoder: EncoderResolvers = {
  id: ({ key }) => encodeId("Encoder", key),
  model: (encoder) => (encoder.modelDigest === null ? null : encoder),
};
