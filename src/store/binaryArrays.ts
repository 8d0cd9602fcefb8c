/**
 * Arrays in PostgreSQL's binary wire format, made in one allocation each. As parameters of `unnest` they load vectors
 * an order of magnitude faster than rows as text, on the embedded database and on a server alike.
 * Format: PostgreSQL source, array_send and pgvector's halfvec_send.
 */

const ARRAY_HEADER_BYTES = 20;
const INT4_OID = 23;
const INT8_OID = 20;
const FLOAT4_OID = 700;

const writeHeader = (buffer: Buffer, elementOid: number, length: number): void => {
  buffer.writeInt32BE(1, 0); // dimensions
  buffer.writeInt32BE(0, 4); // no nulls
  buffer.writeInt32BE(elementOid, 8);
  buffer.writeInt32BE(length, 12);
  buffer.writeInt32BE(1, 16); // lower bound
};

const fixedWidth =
  (oid: number, bytes: number, write: (buffer: Buffer, value: number, offset: number) => void) =>
  (values: ArrayLike<number>): Buffer => {
    const buffer = Buffer.allocUnsafe(ARRAY_HEADER_BYTES + values.length * (4 + bytes));
    writeHeader(buffer, oid, values.length);
    for (let index = 0, offset = ARRAY_HEADER_BYTES; index < values.length; index++, offset += 4 + bytes) {
      buffer.writeInt32BE(bytes, offset);
      write(buffer, values[index] as number, offset + 4);
    }
    return buffer;
  };

const TWO_TO_32 = 2 ** 32;

export const int4Array = fixedWidth(INT4_OID, 4, (buffer, value, offset) => buffer.writeInt32BE(value, offset));

export const int8Array = fixedWidth(INT8_OID, 8, (buffer, value, offset) => {
  buffer.writeInt32BE(Math.floor(value / TWO_TO_32), offset);
  buffer.writeUInt32BE(value - Math.floor(value / TWO_TO_32) * TWO_TO_32, offset + 4);
});

export const float4Array = fixedWidth(FLOAT4_OID, 4, (buffer, value, offset) => buffer.writeFloatBE(value, offset));

/**
 * `halfvec[]` from half-precision vectors.
 * @param values IEEE 754 binary16 bit patterns, `[rows, dims]`
 * @param oid of the type halfvec in this database (extensions get theirs at installation)
 */
export const halfvecArray = (values: Uint16Array, dims: number, oid: number): Buffer => {
  const rows = values.length / dims;
  const rowBytes = 4 + 4 + dims * 2;
  const buffer = Buffer.allocUnsafe(ARRAY_HEADER_BYTES + rows * rowBytes);
  writeHeader(buffer, oid, rows);
  for (let row = 0; row < rows; row++) {
    let offset = ARRAY_HEADER_BYTES + row * rowBytes;
    buffer.writeInt32BE(4 + dims * 2, offset);
    buffer.writeInt16BE(dims, offset + 4);
    buffer.writeInt16BE(0, offset + 6);
    offset += 8;
    const first = row * dims;
    for (let dimension = 0; dimension < dims; dimension++) {
      const bits = values[first + dimension] as number;
      buffer[offset++] = bits >> 8;
      buffer[offset++] = bits & 0xff;
    }
  }
  return buffer;
};
