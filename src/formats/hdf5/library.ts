import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { File, ready } from "h5wasm";

/**
 * The HDF5 library (h5wasm: HDF5 2.0 compiled to WebAssembly), for worker threads only: it blocks, and prints what it thinks
 * of damaged files. It sees the one file that is opened and nothing else of the machine, so that links inside of a file lead
 * nowhere.
 */

export type H5Module = Awaited<typeof ready>;
type Library = { module: H5Module; File: typeof File };

const load = async (): Promise<Library> => {
  // The library's complaints name machines and folders; what went wrong is told by its return values.
  console.error = () => {};
  const { ready, File } = await import("h5wasm");
  memory = await ready;
  return { module: memory, File };
};

let loaded: Promise<Library> | undefined;
let memory: H5Module | undefined;

/** More than any file needs that is not made to need it. */
const USUAL_BYTES = 2 ** 28;

/** Whether the library's memory, which never shrinks, is to be given back with its thread. */
export const isGrown = (): boolean => (memory?.HEAPU8.length ?? 0) > USUAL_BYTES;

/** The library of this thread. */
export const loadHdf5 = (): Promise<Library> => {
  loaded ??= load();
  return loaded;
};

/** Read ahead at a time: small chunks lie one behind the other. */
const WINDOW_BYTES = 2 ** 18;
/** A view costs more than so few bytes. */
const FEW_BYTES = 48;

type StreamRead = (stream: unknown, buffer: Uint8Array, offset: number, length: number, position: number) => number;
type Node = {
  usedBytes: number;
  stream_ops: { read: StreamRead; write: StreamRead };
  node_ops: { setattr(node: Node, attributes: { size?: number }): void };
};
type FileSystem = {
  createFile(parent: string, name: string, properties: object, canRead: boolean, canWrite: boolean): Node;
  unlink(path: string): void;
};

const fileSystem = ({ module }: Library): FileSystem => module.FS as unknown as FileSystem;

let mounted = 0;

export type Mount = { path: string; unmount(): void };

/** Reads a file of the machine under a name that only the library knows. */
export const mountFile = (library: Library, file: string): Mount => {
  const descriptor = openSync(file, "r");
  const bytes = fstatSync(descriptor).size;
  const name = `in-${mounted++}.h5`;
  const node = fileSystem(library).createFile("/", name, {}, true, false);
  const window = new Uint8Array(WINDOW_BYTES);
  let [start, length] = [0, 0];
  const read: StreamRead = (_stream, buffer, offset, wanted, position) => {
    const count = Math.max(0, Math.min(wanted, bytes - position));
    let done = 0;
    while (done < count) {
      const from = position + done - start;
      const some = from >= 0 ? Math.min(count - done, length - from) : 0;
      if (some > FEW_BYTES) buffer.set(window.subarray(from, from + some), offset + done);
      else for (let index = 0; index < some; index++) buffer[offset + done + index] = window[from + index] as number;
      if (some > 0) {
        done += some;
        continue;
      }
      start = position + done;
      length = readSync(descriptor, window, 0, WINDOW_BYTES, start);
      if (length === 0) break;
    }
    return done;
  };
  node.usedBytes = bytes;
  node.stream_ops = { ...node.stream_ops, read };
  return {
    path: `/${name}`,
    unmount() {
      fileSystem(library).unlink(`/${name}`);
      closeSync(descriptor);
    },
  };
};

/** Lets the library write a new file of the machine, under a name that only the library knows. */
export const mountNewFile = (library: Library, file: string): Mount => {
  const descriptor = openSync(file, "wx+", 0o600);
  const name = `out-${mounted++}.h5`;
  const node = fileSystem(library).createFile("/", name, {}, true, true);
  node.usedBytes = 0;
  node.stream_ops = {
    ...node.stream_ops,
    read(_stream, buffer, offset, wanted, position) {
      const count = Math.max(0, Math.min(wanted, node.usedBytes - position));
      return count === 0 ? 0 : readSync(descriptor, buffer, offset, count, position);
    },
    write(_stream, buffer, offset, length, position) {
      for (let done = 0; done < length; ) {
        done += writeSync(descriptor, buffer, offset + done, length - done, position + done);
      }
      node.usedBytes = Math.max(node.usedBytes, position + length);
      return length;
    },
  };
  node.node_ops = {
    ...node.node_ops,
    setattr(_node, { size }) {
      if (size === undefined) return;
      ftruncateSync(descriptor, size);
      node.usedBytes = size;
    },
  };
  return {
    path: `/${name}`,
    unmount() {
      fileSystem(library).unlink(`/${name}`);
      closeSync(descriptor);
    },
  };
};
