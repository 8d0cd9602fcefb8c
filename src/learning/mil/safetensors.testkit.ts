import { readFileSync } from "node:fs";

type Entry = { dtype: "F32" | "I32"; shape: number[]; data_offsets: [number, number] };

/** Tensors of a safetensors file: an 8-byte header length, a JSON header, raw little-endian numbers. */
export const readSafetensors = (
  file: URL,
): ((name: string) => { data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>; shape: number[] }) => {
  const bytes = readFileSync(file);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerBytes)) as Record<string, Entry>;
  return (name) => {
    const entry = header[name];
    if (!entry) throw new Error(`There is no tensor ${name}.`);
    const [from, to] = entry.data_offsets.map((offset) => offset + 8 + headerBytes) as [number, number];
    const copy = Uint8Array.prototype.slice.call(bytes, from, to).buffer as ArrayBuffer;
    return { data: entry.dtype === "F32" ? new Float32Array(copy) : new Int32Array(copy), shape: entry.shape };
  };
};
