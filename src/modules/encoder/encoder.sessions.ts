import { parseEncoderCard } from "../../inference/encoder-card.ts";
import { createEncoderSession, type EncoderSession } from "../../inference/encoder-session.ts";
import type { Config } from "../../platform/config.ts";
import { HistoError } from "../../platform/errors.ts";
import type { ArtefactStore } from "../../store/artefacts.ts";
import type { Encoder } from "../../store/generated/client.ts";

/** Loaded encoders, one session for each, shared by jobs and queries. */
export type EncoderSessions = {
  /** @throws HistoError ENCODER_HAS_NO_MODEL, MODEL_INCOMPATIBLE */
  get(encoder: Encoder): Promise<EncoderSession>;
  /** The execution provider that runs this encoder here; null while it is not loaded. */
  providerOf(encoder: Encoder): Promise<string | null>;
  close(): Promise<void>;
};

/** A loaded encoder holds its weights and, for a GPU, device memory; more than a few at a time are not kept. */
const MAX_LOADED = 3;

const load = async (encoder: Encoder, config: Config, artefacts: ArtefactStore): Promise<EncoderSession> => {
  if (encoder.modelDigest === null || encoder.card === null) {
    throw new HistoError("ENCODER_HAS_NO_MODEL", `Encoder "${encoder.key}" is known by name only.`, {
      fix: "Give its ONNX file with registerEncoder.",
    });
  }
  return createEncoderSession({
    card: parseEncoderCard(encoder.card),
    model: await artefacts.get(encoder.modelDigest),
    providers: config.providers,
    // Half precision is what the vector tables hold.
    precision: "float16",
  });
};

export const createEncoderSessions = (config: Config, artefacts: ArtefactStore): EncoderSessions => {
  const sessions = new Map<string, Promise<EncoderSession>>();
  return {
    get(encoder) {
      const key = encoder.digest ?? encoder.key;
      const known = sessions.get(key) ?? load(encoder, config, artefacts);
      // Reinserting makes the map's order the order of last use.
      sessions.delete(key);
      sessions.set(key, known);
      known.catch(() => sessions.delete(key));
      const [oldest] = sessions;
      if (sessions.size > MAX_LOADED && oldest) {
        sessions.delete(oldest[0]);
        // Closing waits for the batches that it still has.
        void oldest[1].then((session) => session.close());
      }
      return known;
    },
    providerOf: async (encoder) => {
      const session = await sessions.get(encoder.digest ?? encoder.key)?.catch(() => undefined);
      return session?.provider ?? null;
    },
    async close() {
      const all = [...sessions.values()];
      sessions.clear();
      await Promise.all(
        all.map((session) =>
          session.then(
            (loaded) => loaded.close(),
            () => {},
          ),
        ),
      );
    },
  };
};
