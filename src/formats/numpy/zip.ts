import { type FileHandle, open } from "node:fs/promises";
import { crc32, inflateRawSync } from "node:zlib";
import { HistoError } from "../../platform/errors.ts";

/**
 * Members of a ZIP archive by name (PKWARE APPNOTE 6.3: 4.3.7 local headers, 4.3.12 central directory, 4.5.3 ZIP64), stored
 * or deflated as numpy.savez and savez_compressed do. Nothing else of the file is read, and no member is taken that is not
 * what its checksum says.
 */

/** Of all members together. */
const MOST_BYTES = 2 ** 30;
const MOST_DIRECTORY_BYTES = 2 ** 24;

const damaged = (cause?: unknown): HistoError =>
  new HistoError("SLIDE_CORRUPT", "The .npz file is truncated or damaged.", {
    fix: "Copy or compute it again.",
    cause,
  });

const read = async (handle: FileHandle, position: number, bytes: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, position);
  if (bytesRead < bytes) throw damaged();
  return buffer;
};

type Member = { name: string; method: number; crc: number; packed: number; bytes: number; at: number };

const FULL = 0xffffffff;

/** Lengths that did not fit into 32 bits, in the order in which they are missing. */
const readLong = (extra: Buffer, member: Member): Member => {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    let next = at + 4;
    const long = (short: number): number => {
      if (short !== FULL) return short;
      next += 8;
      return Number(extra.readBigUInt64LE(next - 8));
    };
    return { ...member, bytes: long(member.bytes), packed: long(member.packed), at: long(member.at) };
  }
  return member;
};

const membersOf = (directory: Buffer): Member[] => {
  const members: Member[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50; ) {
    const [nameBytes, extraBytes] = [directory.readUInt16LE(at + 28), directory.readUInt16LE(at + 30)];
    const extraAt = at + 46 + nameBytes;
    const member = {
      name: directory.toString("utf8", at + 46, extraAt),
      method: directory.readUInt16LE(at + 10),
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      at: directory.readUInt32LE(at + 42),
    };
    members.push(readLong(directory.subarray(extraAt, extraAt + extraBytes), member));
    at = extraAt + extraBytes + directory.readUInt16LE(at + 32);
  }
  return members;
};

const readDirectory = async (handle: FileHandle, size: number): Promise<Buffer> => {
  const tail = await read(handle, Math.max(0, size - 65_557), Math.min(size, 65_557));
  const end = tail.lastIndexOf(Buffer.from("PK\x05\x06", "latin1"));
  if (end < 0 || end + 22 > tail.length) throw damaged();
  let [bytes, at] = [tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)];
  if (end >= 20 && tail.readUInt32LE(end - 20) === 0x07064b50) {
    const long = await read(handle, Number(tail.readBigUInt64LE(end - 12)), 56);
    [bytes, at] = [Number(long.readBigUInt64LE(40)), Number(long.readBigUInt64LE(48))];
  }
  if (bytes > MOST_DIRECTORY_BYTES || at + bytes > size) throw damaged();
  return read(handle, at, bytes);
};

const readMember = async (handle: FileHandle, size: number, member: Member): Promise<Buffer> => {
  const header = await read(handle, member.at, 30);
  const start = member.at + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const isPlaced = start + member.packed <= size && member.packed <= MOST_BYTES;
  if (header.readUInt32LE(0) !== 0x04034b50 || !isPlaced) throw damaged();
  if (member.method !== 0 && member.method !== 8) {
    throw new HistoError("FORMAT_UNSUPPORTED", "The .npz file is compressed in a way that numpy does not use.", {
      fix: "Write it with numpy.savez or numpy.savez_compressed.",
    });
  }
  const packed = await read(handle, start, member.packed);
  const bytes = member.method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, member.bytes) });
  if (bytes.length !== member.bytes || crc32(bytes) !== member.crc) throw damaged();
  return bytes;
};

/**
 * The members of some names, as far as they are there.
 * @throws HistoError FORMAT_UNSUPPORTED for no ZIP archive, SLIDE_CORRUPT, LIMIT_EXCEEDED
 */
export const readZip = async (file: string, names: readonly string[]): Promise<Map<string, Buffer>> => {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const isZip = size >= 4 && (await read(handle, 0, 2)).toString("latin1") === "PK";
    if (!isZip) {
      throw new HistoError("FORMAT_UNSUPPORTED", "The file is no .npz archive.", {
        fix: "Name .npz files only, or choose the layout that the file has.",
      });
    }
    const wanted = membersOf(await readDirectory(handle, size)).filter(({ name }) => names.includes(name));
    if (new Set(wanted.map(({ name }) => name)).size < wanted.length) throw damaged();
    if (wanted.reduce((sum, { bytes }) => sum + bytes, 0) > MOST_BYTES) {
      throw new HistoError("LIMIT_EXCEEDED", "The arrays of the .npz file take more than a gigabyte.", {
        fix: "Write them as float16, or the vectors as Arrow, Parquet or HDF5.",
      });
    }
    const found = new Map<string, Buffer>();
    for (const member of wanted) found.set(member.name, await readMember(handle, size, member));
    return found;
  } catch (error) {
    throw error instanceof HistoError ? error : damaged(error);
  } finally {
    await handle.close();
  }
};
