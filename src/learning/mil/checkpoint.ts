import { digestOf } from "../../platform/digest.ts";
import { HistoError } from "../../platform/errors.ts";
import type { EpochRecord, FoldResult, HeadDefinition, Split, TrainingOptions } from "./types.ts";

// A JSON header with its length in front, and float arrays of one length behind it, little-endian.

const packed = (header: unknown, arrays: readonly Float32Array[]): Uint8Array => {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([
    length,
    json,
    ...arrays.map((array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)),
  ]);
};

const unpacked = (bytes: Uint8Array, count: number): { header: unknown; arrays: Float32Array[] } => {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const jsonLength = view.getUint32(0, true);
    const header: unknown = JSON.parse(Buffer.from(bytes.subarray(4, 4 + jsonLength)).toString());
    // Copied, since floats must begin at a multiple of four bytes.
    const numbers = new Float32Array(new Uint8Array(bytes.subarray(4 + jsonLength)).buffer);
    const size = numbers.length / count;
    if (!Number.isInteger(size)) throw new Error("The arrays are cut.");
    return {
      header,
      arrays: Array.from({ length: count }, (_, index) => numbers.slice(index * size, (index + 1) * size)),
    };
  } catch (cause) {
    throw new HistoError("CONFLICT", "The saved state of the training cannot be read.", {
      fix: "Start the training again.",
      cause,
    });
  }
};

/** Digest of all that a fold's training depends on but the data themselves. */
export const trainingFingerprint = (head: HeadDefinition, options: TrainingOptions, split: Split): string =>
  digestOf(JSON.parse(JSON.stringify({ head, options, split })) as Parameters<typeof digestOf>[0]);

/** Where a fold's training stands after an epoch. */
export type FoldState = {
  fingerprint: string;
  epochs: EpochRecord[];
  /** Steps of the optimiser so far. */
  steps: number;
  bestEpoch: number;
  bestLoss: number | null;
  parameters: Float32Array;
  firstMoment: Float32Array;
  secondMoment: Float32Array;
  bestParameters: Float32Array;
};

export const encodeState = ({
  parameters,
  firstMoment,
  secondMoment,
  bestParameters,
  ...header
}: FoldState): Uint8Array => packed(header, [parameters, firstMoment, secondMoment, bestParameters]);

/** @throws CONFLICT for bytes that are none, or of another training. */
export const decodeState = (bytes: Uint8Array, fingerprint: string): FoldState => {
  const { header, arrays } = unpacked(bytes, 4);
  const [parameters, firstMoment, secondMoment, bestParameters] = arrays as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const state = header as Omit<FoldState, "parameters" | "firstMoment" | "secondMoment" | "bestParameters">;
  if (state.fingerprint !== fingerprint) {
    throw new HistoError("CONFLICT", "The saved state belongs to a training with other settings or patients.", {
      fix: "Start the training again.",
    });
  }
  return { ...state, parameters, firstMoment, secondMoment, bestParameters };
};

/** A finished fold as bytes, to be kept until the training is over, or for attention of out-of-fold scores. */
export const encodeFold = ({ parameters, ...rest }: FoldResult): Uint8Array => packed(rest, [parameters]);

export const decodeFold = (bytes: Uint8Array): FoldResult => {
  const { header, arrays } = unpacked(bytes, 1);
  return { ...(header as Omit<FoldResult, "parameters">), parameters: arrays[0] as Float32Array };
};
