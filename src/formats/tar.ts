/** Archives that need no size in advance but each file's own. Format: POSIX.1-2017, pax, "ustar Interchange Format". */

const BLOCK_BYTES = 512;
const REGULAR_FILE = "0";
const MODE = "0000644";
/** Eleven octal digits. */
const MOST_BYTES = 8 ** 11 - 1;
const MOST_NAME_BYTES = 100;

/** The block in front of a file. The name is ASCII of at most 100 letters. */
export const tarHeader = (name: string, bytes: number, modified: Date): Buffer => {
  if (bytes > MOST_BYTES || Buffer.byteLength(name) > MOST_NAME_BYTES)
    throw new RangeError("This does not fit into ustar.");
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  header.write(name, 0);
  header.write(MODE, 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(Math.floor(modified.getTime() / 1000), 11), 136);
  header.write(" ".repeat(8), 148);
  header.write(REGULAR_FILE, 156);
  header.write("ustar\0" + "00", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
};

/** What fills a file's last block. */
export const tarPadding = (bytes: number): Buffer => Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);

/** What an archive ends with; one that was cut off does not. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK_BYTES);
