import type { Encoder } from "../../store/generated/client.ts";

export type EncoderMapper = Encoder;
/** The encoder itself; null is decided by `Encoder.model`. */
export type EncoderModelMapper = Encoder;
