/** Numbers as the store keeps them: little-endian, at any place of a buffer that may be larger. */

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** float32 */
export const floatsOf = (bytes: Uint8Array): Float32Array => {
  const view = viewOf(bytes);
  return Float32Array.from({ length: bytes.byteLength / 4 }, (_, index) => view.getFloat32(index * 4, true));
};

export const bytesOf = (floats: Float32Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(floats.length * 4);
  const view = viewOf(bytes);
  floats.forEach((value, index) => {
    view.setFloat32(index * 4, value, true);
  });
  return bytes;
};

/** float64 */
export const doublesOf = (bytes: Uint8Array): Float64Array => {
  const view = viewOf(bytes);
  return Float64Array.from({ length: bytes.byteLength / 8 }, (_, index) => view.getFloat64(index * 8, true));
};

export const doublesBytesOf = (doubles: Float64Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(doubles.length * 8);
  const view = viewOf(bytes);
  doubles.forEach((value, index) => {
    view.setFloat64(index * 8, value, true);
  });
  return bytes;
};
