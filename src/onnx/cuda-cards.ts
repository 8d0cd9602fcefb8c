import koffi from "koffi";

/** One NVIDIA card as the driver counts them, after CUDA_VISIBLE_DEVICES. */
export type CudaCard = { name: string; memoryBytes: number };

const LIBRARY = process.platform === "win32" ? "nvcuda.dll" : "libcuda.so.1";

/** CUDA_SUCCESS of the driver's interface (cuda.h, CUresult). */
const SUCCESS = 0;
const MOST_NAME_BYTES = 256;

/** The cards in the order of their numbers; none where there is no driver. `library` is the driver's. */
export const cudaCards = (library = LIBRARY): CudaCard[] => {
  try {
    const driver = koffi.load(library);
    const initialise = driver.func("int cuInit(unsigned int flags)");
    const count = driver.func("int cuDeviceGetCount(_Out_ int *count)");
    const get = driver.func("int cuDeviceGet(_Out_ int *device, int ordinal)");
    const name = driver.func("int cuDeviceGetName(void *name, int length, int device)");
    const memory = driver.func("int cuDeviceTotalMem_v2(_Out_ size_t *bytes, int device)");
    const cards: [number] = [0];
    if (initialise(0) !== SUCCESS || count(cards) !== SUCCESS) return [];
    return Array.from({ length: cards[0] }, (_, ordinal) => {
      const device: [number] = [0];
      const bytes: [number | bigint] = [0];
      const text = Buffer.alloc(MOST_NAME_BYTES);
      const isKnown = get(device, ordinal) === SUCCESS && name(text, text.length, device[0]) === SUCCESS;
      const isSized = isKnown && memory(bytes, device[0]) === SUCCESS;
      return { name: isKnown ? textOf(text) : "unknown", memoryBytes: isSized ? Number(bytes[0]) : 0 };
    });
  } catch {
    return [];
  }
};

const textOf = (bytes: Buffer): string => bytes.toString("utf8", 0, Math.max(0, bytes.indexOf(0)));
