/** A binary image: 1 or 0, row-major, shape (heightPixels, widthPixels). */
export type BinaryImage = { readonly data: Uint8Array; readonly widthPixels: number; readonly heightPixels: number };

/**
 * For each pixel the number of ones in the (2 × radius + 1)² box around it, cut off at the borders.
 * Two passes of running sums: time does not depend on the radius.
 */
const boxCounts = ({ data, widthPixels, heightPixels }: BinaryImage, radius: number): Uint32Array => {
  const rows = new Uint32Array(data.length);
  for (let y = 0; y < heightPixels; y++) {
    const at = y * widthPixels;
    let sum = 0;
    for (let x = -radius; x < widthPixels; x++) {
      if (x + radius < widthPixels) sum += data[at + x + radius] as number;
      if (x - radius - 1 >= 0) sum -= data[at + x - radius - 1] as number;
      if (x >= 0) rows[at + x] = sum;
    }
  }
  const counts = new Uint32Array(data.length);
  const sums = new Uint32Array(widthPixels);
  for (let y = -radius; y < heightPixels; y++) {
    const entering = y + radius < heightPixels ? (y + radius) * widthPixels : -1;
    const leaving = y - radius - 1 >= 0 ? (y - radius - 1) * widthPixels : -1;
    for (let x = 0; x < widthPixels; x++) {
      let sum = sums[x] as number;
      if (entering >= 0) sum += rows[entering + x] as number;
      if (leaving >= 0) sum -= rows[leaving + x] as number;
      sums[x] = sum;
      if (y >= 0) counts[y * widthPixels + x] = sum;
    }
  }
  return counts;
};

/** Pixels of the box around each pixel that lie inside the image. */
const boxArea = (image: BinaryImage, radius: number, x: number, y: number): number =>
  (Math.min(image.widthPixels - 1, x + radius) - Math.max(0, x - radius) + 1) *
  (Math.min(image.heightPixels - 1, y + radius) - Math.max(0, y - radius) + 1);

const mapBoxes = (image: BinaryImage, radius: number, isSet: (count: number, area: number) => boolean): BinaryImage => {
  const counts = boxCounts(image, radius);
  const data = new Uint8Array(counts.length);
  for (let y = 0; y < image.heightPixels; y++)
    for (let x = 0; x < image.widthPixels; x++) {
      const at = y * image.widthPixels + x;
      data[at] = isSet(counts[at] as number, boxArea(image, radius, x, y)) ? 1 : 0;
    }
  return { ...image, data };
};

/** Median filter; of a thresholded picture it is the same as thresholding the picture's median. */
export const median = (image: BinaryImage, radius: number): BinaryImage =>
  mapBoxes(image, radius, (count, area) => 2 * count > area);

/** Dilation, then erosion, by a square: joins what lies closer than its edge. Nothing grows across the border. */
export const close = (image: BinaryImage, radius: number): BinaryImage =>
  mapBoxes(
    mapBoxes(image, radius, (count) => count > 0),
    radius,
    (count, area) => count === area,
  );

/**
 * Turns every 4-connected component of `value` with fewer than `minPixels` pixels into its opposite. With
 * `sparesBorder`, components that touch the border stay: background that reaches the edge is not a hole.
 */
const flipSmall = (image: BinaryImage, value: 0 | 1, minPixels: number, sparesBorder: boolean): BinaryImage => {
  const { widthPixels, heightPixels } = image;
  const data = image.data.slice();
  const visited = new Uint8Array(data.length);
  const queue = new Uint32Array(data.length);
  for (let start = 0; start < data.length; start++) {
    if (data[start] !== value || visited[start]) continue;
    let head = 0;
    let tail = 0;
    let touchesBorder = false;
    const visit = (at: number) => {
      if (data[at] !== value || visited[at]) return;
      visited[at] = 1;
      queue[tail++] = at;
    };
    visit(start);
    while (head < tail) {
      const at = queue[head++] as number;
      const x = at % widthPixels;
      const y = (at - x) / widthPixels;
      if (x === 0 || y === 0 || x === widthPixels - 1 || y === heightPixels - 1) touchesBorder = true;
      if (x > 0) visit(at - 1);
      if (x < widthPixels - 1) visit(at + 1);
      if (y > 0) visit(at - widthPixels);
      if (y < heightPixels - 1) visit(at + widthPixels);
    }
    if (tail < minPixels && !(sparesBorder && touchesBorder))
      for (let i = 0; i < tail; i++) data[queue[i] as number] = value === 1 ? 0 : 1;
  }
  return { ...image, data };
};

/** Fills holes of fewer than `minPixels` pixels. */
export const fillHoles = (image: BinaryImage, minPixels: number): BinaryImage => flipSmall(image, 0, minPixels, true);

/** Removes specks of fewer than `minPixels` pixels. */
export const removeSpecks = (image: BinaryImage, minPixels: number): BinaryImage =>
  flipSmall(image, 1, minPixels, false);

/** Mean over the (2 × radius + 1)² box around each byte, cut off at the borders. */
export const boxBlur = (bytes: Uint8Array, widthPixels: number, heightPixels: number, radius: number): Uint8Array => {
  const image = { data: bytes, widthPixels, heightPixels };
  const sums = boxCounts(image, radius);
  const out = new Uint8Array(bytes.length);
  for (let y = 0; y < heightPixels; y++)
    for (let x = 0; x < widthPixels; x++) {
      const at = y * widthPixels + x;
      out[at] = Math.round((sums[at] as number) / boxArea(image, radius, x, y));
    }
  return out;
};
