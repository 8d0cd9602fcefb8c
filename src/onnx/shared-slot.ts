/** Memory that one thread fills and another one reads, again and again; it grows to the largest piece that was asked for. */
export const createSharedSlot = (): ((bytes: number) => SharedArrayBuffer) => {
  let memory = new SharedArrayBuffer(0);
  return (bytes) => {
    if (memory.byteLength < bytes) memory = new SharedArrayBuffer(bytes);
    return memory;
  };
};
