import { type BinaryImage, boxBlur, close, fillHoles, median, removeSpecks } from "./maskFilters.ts";
import type { RgbImage, TissueMethod } from "./types.ts";

/** Lengths below are in pixels of the thumbnail. */
const BLUR_RADIUS = 1;
const MEDIAN_RADIUS = 3;
const CLOSING_RADIUS = 3;
const MIN_HOLE_PIXELS = 400;
const MIN_TISSUE_PIXELS = 100;

/** Saturation (0–255) that glass does not reach: 0.06, about three times the tint of white-balanced glass. */
const FIXED_SATURATION = 15;
/** Otsu's threshold is believed only if the two classes differ by as much; noise splits too, but not as far. */
const MIN_CLASS_DISTANCE = 12;
/** Pixels between glass and deeply stained tissue: a rim at every edge, and a class of its own from this share on. */
const MIN_PALE_SHARE = 0.15;
/** Glass is even: the spread of its saturation is a few levels, that of pale tissue is many. */
const MAX_GLASS_SPREAD = 9;
const MIN_GLASS_BRIGHTNESS = 190;
/** Darker than any stain lets through over a thumbnail's pixel: scan borders, black ink, the edge of the coverslip. */
const MAX_INK_BRIGHTNESS = 45;
const DARK_BACKGROUND_BRIGHTNESS = 60;
const BRIGHT_BACKGROUND_BRIGHTNESS = 180;
/** Transmitted light leaves this much in every channel of most pixels, stained or not; emitted light does not. */
const TRANSMITTED_BRIGHTNESS = 90;
/** Cells on a dark field are dots: their light is spread over this radius, so that the tissue between them counts. */
const DARKFIELD_BLUR_MICRONS = 20;
/** Mean intensity that counts as signal on a dark field; camera noise and stray light stay below. */
const MIN_DARKFIELD_SIGNAL = 6;

/** What a tissue mask cannot be made from; the caller words it. */
export type MaskRefusal = "NOT_BRIGHTFIELD" | "NOT_DARKFIELD";
export type MaskResult =
  | { readonly kind: "mask"; readonly data: Uint8Array; readonly tissueShare: number; readonly isDarkfield: boolean }
  | { readonly kind: "refused"; readonly reason: MaskRefusal };

type Histogram = Uint32Array;

const histogramOf = (bytes: Uint8Array): Histogram => {
  const counts = new Uint32Array(256);
  for (let i = 0; i < bytes.length; i++) counts[bytes[i] as number] = (counts[bytes[i] as number] as number) + 1;
  return counts;
};

/** Count, mean and standard deviation of the values from `from` up to, not including, `to`. */
const moments = (histogram: Histogram, from: number, to: number) => {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (let value = from; value < to; value++) {
    const n = histogram[value] as number;
    count += n;
    sum += n * value;
    squares += n * value * value;
  }
  const mean = count === 0 ? 0 : sum / count;
  return { count, mean, spread: count === 0 ? 0 : Math.sqrt(Math.max(0, squares / count - mean * mean)) };
};

/**
 * The value t that maximises the variance between the classes below t and from t on
 * (N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. SMC 9, 1979).
 */
export const otsuThreshold = (histogram: Histogram): number => {
  const all = moments(histogram, 0, 256);
  let best = 0;
  let bestVariance = -1;
  let below = 0;
  let sumBelow = 0;
  for (let t = 1; t < 256; t++) {
    below += histogram[t - 1] as number;
    sumBelow += (t - 1) * (histogram[t - 1] as number);
    const above = all.count - below;
    if (below === 0 || above === 0) continue;
    const distance = sumBelow / below - (all.mean * all.count - sumBelow) / above;
    const variance = below * above * distance * distance;
    if (variance > bestVariance) {
      bestVariance = variance;
      best = t;
    }
  }
  return best;
};

/** Ink of a green or blue marker: green exceeds red and blue in no common stain, and no stain is as purely blue. */
const isInk = (red: number, green: number, blue: number, brightness: number): boolean =>
  brightness <= MAX_INK_BRIGHTNESS ||
  (green === brightness && green - red > 30 && green - blue > 15) ||
  (blue === brightness && red < 0.3 * blue && blue > 80);

/** HSV saturation × 255 (0 for ink and black), HSV value, and the weakest channel, which is high on glass alone. */
const channelsOf = (rgb: Uint8Array): { saturation: Uint8Array; brightness: Uint8Array; weakest: Uint8Array } => {
  const pixels = rgb.length / 3;
  const saturation = new Uint8Array(pixels);
  const brightness = new Uint8Array(pixels);
  const weakest = new Uint8Array(pixels);
  for (let i = 0; i < pixels; i++) {
    const red = rgb[i * 3] as number;
    const green = rgb[i * 3 + 1] as number;
    const blue = rgb[i * 3 + 2] as number;
    const high = Math.max(red, green, blue);
    const low = Math.min(red, green, blue);
    brightness[i] = high;
    weakest[i] = low;
    if (!isInk(red, green, blue, high)) saturation[i] = Math.round((255 * (high - low)) / high);
  }
  return { saturation, brightness, weakest };
};

/** Share of the bytes from `from` up to, not including, `to`. */
const shareOf = (bytes: Uint8Array, from: number, to: number): number =>
  moments(histogramOf(bytes), from, to).count / Math.max(1, bytes.length);

/** Black scan borders may cover much of a brightfield slide, but never without glass beside them. */
const isDark = (brightness: Uint8Array, weakest: Uint8Array): boolean =>
  shareOf(brightness, 0, DARK_BACKGROUND_BRIGHTNESS) > 0.5 &&
  shareOf(weakest, BRIGHT_BACKGROUND_BRIGHTNESS, 256) < 0.05;

/**
 * Otsu's threshold, or a lower one where what lies below it is itself glass and pale tissue: then the first split was
 * between pale and deeply stained tissue, as in an immunostain with a faint counterstain.
 */
const paleTissueThreshold = (histogram: Histogram, otsu: number): number => {
  const below = histogram.map((count, value) => (value < otsu ? count : 0));
  const lower = otsuThreshold(below);
  const glass = moments(below, 0, lower);
  const pale = moments(below, lower, 256);
  const total = moments(histogram, 0, 256).count;
  const isSplit =
    pale.mean - glass.mean >= MIN_CLASS_DISTANCE && pale.count >= MIN_PALE_SHARE * total && glass.count > 0;
  return isSplit ? lower : otsu;
};

/**
 * The saturation from which a brightfield pixel is tissue. Otsu's threshold splits glass from tissue only where there
 * are both: pure glass gives 256 (nothing), and a region without glass the fixed threshold instead of one that would
 * split nuclei from cytoplasm.
 */
const brightfieldThreshold = (saturation: Uint8Array, brightness: Uint8Array): number => {
  const histogram = histogramOf(saturation);
  const otsu = otsuThreshold(histogram);
  const background = moments(histogram, 0, otsu);
  const tissue = moments(histogram, otsu, 256);
  const whole = moments(histogram, 0, 256);
  if (tissue.mean - background.mean < MIN_CLASS_DISTANCE) {
    const isGlass =
      whole.spread <= MAX_GLASS_SPREAD && moments(histogramOf(brightness), 0, 256).mean >= MIN_GLASS_BRIGHTNESS;
    return isGlass ? 256 : FIXED_SATURATION;
  }
  const hasGlass = background.spread <= MAX_GLASS_SPREAD || background.mean <= FIXED_SATURATION;
  return hasGlass ? Math.max(FIXED_SATURATION, paleTissueThreshold(histogram, otsu)) : FIXED_SATURATION;
};

const LOG_SCALE = Uint8Array.from({ length: 256 }, (_, value) => Math.round((255 * Math.log1p(value)) / Math.log(256)));

/** Otsu on the logarithm: fluorescence spans decades, and the faint half of the tissue is tissue too. */
const darkfieldThreshold = (intensity: Uint8Array): number => {
  const otsu = otsuThreshold(histogramOf(intensity.map((value) => LOG_SCALE[value] as number)));
  const signal = LOG_SCALE.findIndex((value) => value >= otsu);
  const histogram = histogramOf(intensity);
  const distance = moments(histogram, signal, 256).mean - moments(histogram, 0, signal).mean;
  return distance < MIN_CLASS_DISTANCE ? 256 : Math.max(MIN_DARKFIELD_SIGNAL, signal);
};

const threshold = (bytes: Uint8Array, from: number, { widthPixels, heightPixels }: RgbImage): BinaryImage => {
  const data = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) data[i] = (bytes[i] as number) >= from ? 1 : 0;
  return { data, widthPixels, heightPixels };
};

const clean = (image: BinaryImage): BinaryImage =>
  removeSpecks(fillHoles(close(median(image, MEDIAN_RADIUS), CLOSING_RADIUS), MIN_HOLE_PIXELS), MIN_TISSUE_PIXELS);

/**
 * Tissue of a thumbnail: threshold on saturation (brightfield) or intensity (dark field), median, closing, small holes
 * filled, specks removed; `micronsPerPixel` is the thumbnail's. Deterministic, O(pixels). OTSU and FIXED refuse a dark-field picture, DARKFIELD a bright one.
 */
export const maskOfThumbnail = (
  thumbnail: RgbImage,
  method: TissueMethod,
  micronsPerPixel: number | null = null,
): MaskResult => {
  const { widthPixels, heightPixels } = thumbnail;
  const { saturation, brightness, weakest } = channelsOf(thumbnail.pixels);
  const isDarkfield = isDark(brightness, weakest);
  const finish = (data: Uint8Array): MaskResult => {
    let tissue = 0;
    for (let i = 0; i < data.length; i++) tissue += data[i] as number;
    return { kind: "mask", data, tissueShare: tissue / data.length, isDarkfield };
  };
  switch (method) {
    case "NONE":
      return finish(new Uint8Array(widthPixels * heightPixels).fill(1));
    case "DARKFIELD": {
      if (shareOf(weakest, TRANSMITTED_BRIGHTNESS, 256) > 0.5) return { kind: "refused", reason: "NOT_DARKFIELD" };
      const radius = Math.round(DARKFIELD_BLUR_MICRONS / (micronsPerPixel ?? 8));
      const intensity = boxBlur(brightness, widthPixels, heightPixels, Math.min(16, Math.max(2, radius)));
      return finish(clean(threshold(intensity, darkfieldThreshold(intensity), thumbnail)).data);
    }
    case "OTSU":
    case "FIXED": {
      if (isDarkfield) return { kind: "refused", reason: "NOT_BRIGHTFIELD" };
      const smooth = boxBlur(saturation, widthPixels, heightPixels, BLUR_RADIUS);
      const from = method === "FIXED" ? FIXED_SATURATION : brightfieldThreshold(smooth, brightness);
      return finish(clean(threshold(smooth, from, thumbnail)).data);
    }
  }
};
