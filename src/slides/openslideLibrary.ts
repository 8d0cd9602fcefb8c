import koffi from "koffi";

/** A handle of the C library; opaque here. */
export type OpenSlideHandle = object;

/** Newest interface first; the same functions exist in 3.4 and 4. */
const LIBRARY_NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: ["libopenslide.so.1", "libopenslide.so.0"],
  darwin: [
    "libopenslide.1.dylib",
    "/opt/homebrew/lib/libopenslide.1.dylib",
    "/usr/local/lib/libopenslide.1.dylib",
    "libopenslide.0.dylib",
  ],
  win32: ["libopenslide-1.dll", "libopenslide-0.dll"],
};

/** The functions of openslide.h that are used here. Those that touch the disk run on libuv's thread pool. */
export type OpenSlideLibrary = {
  readonly version: string;
  /** null when no vendor's reader takes the file. */
  open(path: string): Promise<OpenSlideHandle | null>;
  close(handle: OpenSlideHandle): Promise<void>;
  /** Once an error is set the handle can only be closed. */
  error(handle: OpenSlideHandle): string | null;
  levelCount(handle: OpenSlideHandle): number;
  levelSize(handle: OpenSlideHandle, level: number): { widthPixels: number; heightPixels: number };
  levelDownsample(handle: OpenSlideHandle, level: number): number;
  property(handle: OpenSlideHandle, name: string): string | null;
  /** Fills `words` with premultiplied ARGB; x and y in level-0 pixels, width and height in pixels of the level. */
  readRegion(
    handle: OpenSlideHandle,
    x: number,
    y: number,
    level: number,
    widthPixels: number,
    heightPixels: number,
    words: Uint32Array,
  ): Promise<void>;
};

const loadFirst = (names: readonly string[]) => {
  for (const name of names) {
    try {
      return koffi.load(name);
    } catch {
      // Not on this machine under this name.
    }
  }
  return null;
};

const load = (): OpenSlideLibrary | null => {
  const library = loadFirst(LIBRARY_NAMES[process.platform] ?? []);
  if (!library) return null;
  const getVersion = library.func("const char *openslide_get_version()");
  const open = library.func("void *openslide_open(const char *filename)");
  const close = library.func("void openslide_close(void *osr)");
  const getError = library.func("const char *openslide_get_error(void *osr)");
  const getLevelCount = library.func("int32_t openslide_get_level_count(void *osr)");
  const getLevelDimensions = library.func(
    "void openslide_get_level_dimensions(void *osr, int32_t level, _Out_ int64_t *w, _Out_ int64_t *h)",
  );
  const getLevelDownsample = library.func("double openslide_get_level_downsample(void *osr, int32_t level)");
  const getProperty = library.func("const char *openslide_get_property_value(void *osr, const char *name)");
  const read = library.func(
    "void openslide_read_region(void *osr, void *dest, int64_t x, int64_t y, int32_t level, int64_t w, int64_t h)",
  );

  return {
    version: String(getVersion()),
    open: (path) =>
      new Promise((resolve, reject) => {
        open.async(path, (failure: unknown, handle: OpenSlideHandle | null) =>
          failure ? reject(failure) : resolve(handle),
        );
      }),
    close: (handle) =>
      new Promise((resolve, reject) => {
        close.async(handle, (failure: unknown) => (failure ? reject(failure) : resolve()));
      }),
    error: (handle) => getError(handle),
    levelCount: (handle) => getLevelCount(handle),
    levelSize: (handle, level) => {
      const width = [0];
      const height = [0];
      getLevelDimensions(handle, level, width, height);
      return { widthPixels: Number(width[0]), heightPixels: Number(height[0]) };
    },
    levelDownsample: (handle, level) => getLevelDownsample(handle, level),
    property: (handle, name) => getProperty(handle, name),
    readRegion: (handle, x, y, level, widthPixels, heightPixels, words) =>
      new Promise((resolve, reject) => {
        // Whoever reads `words` afterwards keeps its memory alive while the other thread writes into it.
        read.async(handle, words, x, y, level, widthPixels, heightPixels, (failure: unknown) =>
          failure ? reject(failure) : resolve(),
        );
      }),
  };
};

let loaded: OpenSlideLibrary | null | undefined;

/** The OpenSlide library of this machine, loaded once; null where none is installed. */
export const openSlideLibrary = (): OpenSlideLibrary | null => {
  loaded ??= load();
  return loaded;
};
