/** Vectors as the store keeps them: little-endian float32. */

const BYTES = 4;

/** Numbers out of bytes that may lie at any place of a larger buffer. */
export const floatsOf = (bytes: Uint8Array): Float32Array => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.byteLength / BYTES }, (_, index) => view.getFloat32(index * BYTES, true));
};

export const bytesOf = (floats: Float32Array): Uint8Array<ArrayBuffer> => {
  const view = new DataView(new ArrayBuffer(floats.length * BYTES));
  floats.forEach((value, index) => {
    view.setFloat32(index * BYTES, value, true);
  });
  return new Uint8Array(view.buffer);
};
