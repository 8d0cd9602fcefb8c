/** The library that decodes a slide's pixels. */
export type SlideBackend = "openslide" | "libvips";

/** One resolution of a slide; `downsample` is level-0 pixels per pixel of this level (1 for level 0). */
export type SlideLevel = { readonly widthPixels: number; readonly heightPixels: number; readonly downsample: number };

/** µm per level-0 pixel; the two axes may differ. */
export type MicronsPerPixel = { readonly x: number; readonly y: number };

/** A rectangle in level-0 pixels. */
export type SlideRectangle = {
  readonly x: number;
  readonly y: number;
  readonly widthPixels: number;
  readonly heightPixels: number;
};

/** `x` and `y` are level-0 pixels; `widthPixels` and `heightPixels` are pixels of `level`. */
export type SlideRegion = SlideRectangle & { readonly level: number };

/** Eight-bit RGB, row-major, shape (heightPixels, widthPixels, 3). */
export type RgbImage = { readonly pixels: Uint8Array; readonly widthPixels: number; readonly heightPixels: number };

/** A slide held open for reading; `close` it when done. Every coordinate is in level-0 pixels unless it says otherwise. */
export type OpenedSlide = {
  readonly backend: SlideBackend;
  /** The scanner format, such as `aperio`, `hamamatsu`, `generic-tiff`; null for plain images. */
  readonly vendor: string | null;
  /** Level 0. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** Finest first; never the label, macro or thumbnail picture. */
  readonly levels: readonly SlideLevel[];
  /** The vendor's value, else the TIFF's resolution tags; null when absent or outside 0.05–20 µm/px. */
  readonly micronsPerPixel: MicronsPerPixel | null;
  /** The part of level 0 that the scanner filled, where the file tells. */
  readonly bounds: SlideRectangle | null;
  /** Technical properties from an allow-list: never names, dates, serial numbers, paths, barcodes or free text. */
  readonly properties: Readonly<Record<string, string>>;
  /**
   * Reads RGB pixels, shape (heightPixels, widthPixels, 3). The origin is snapped to the nearest pixel of `level`.
   * What lies outside the slide, or was never scanned, is the slide's background colour, white by default.
   * A reader may fill `target` and return it, where its length fits; that saves an allocation a patch.
   * Calls may overlap. Throws SLIDE_CORRUPT when the data cannot be decoded, BAD_ARGUMENT for an impossible region.
   */
  readRegion(region: SlideRegion, target?: Uint8Array): Promise<Uint8Array>;
  /** Waits for the reads in flight, then releases the file; later reads throw. Closing twice is harmless. */
  close(): Promise<void>;
};

/** How tissue is told from background: saturation (OTSU, FIXED), intensity (DARKFIELD), or not at all (NONE). */
export type TissueMethod = "OTSU" | "FIXED" | "DARKFIELD" | "NONE";

export type TissueMask = {
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** 1 = tissue, 0 = background; row-major, shape (heightPixels, widthPixels). */
  readonly data: Uint8Array;
  /** Level-0 pixels per mask pixel. */
  readonly scaleX: number;
  readonly scaleY: number;
  /** Tissue ÷ all mask pixels, 0–1. */
  readonly tissueShare: number;
  readonly isDarkfield: boolean;
};

/** What fixes a patch grid, in the terms of a grid recipe. */
export type GridRecipe = {
  /** Level-0 size of the slide. */
  readonly widthPixels: number;
  readonly heightPixels: number;
  /** µm per level-0 pixel. */
  readonly micronsPerPixel: MicronsPerPixel;
  /** Edge of a patch in pixels at `targetMicronsPerPixel`. */
  readonly patchSize: number;
  readonly targetMicronsPerPixel: number;
  /** Pixels shared by neighbours, at `targetMicronsPerPixel`. */
  readonly overlap: number;
  /** A patch is kept when at least this share of it is tissue, 0–1; 0 keeps all. */
  readonly minTissue: number;
};

/** Where the cells of a grid lie; enough to turn a cell's number into a place. */
export type GridGeometry = {
  readonly patchSize: number;
  readonly columns: number;
  readonly rows: number;
  /** Distance between neighbouring origins in level-0 pixels; not rounded. */
  readonly stepX: number;
  readonly stepY: number;
  /** Edges of a patch in whole level-0 pixels. */
  readonly sizeX: number;
  readonly sizeY: number;
};

export type PatchGrid = GridGeometry & {
  /** Kept cells, ascending: row × columns + column. */
  readonly cells: Uint32Array;
  /** Tissue share of each kept cell, 0–1, in the order of `cells`. */
  readonly tissueShare: Float32Array;
};

/** What to read for every patch of a grid: the same level and size for all, so that a batch has one shape. */
export type PatchPlan = { readonly level: number; readonly widthPixels: number; readonly heightPixels: number };
