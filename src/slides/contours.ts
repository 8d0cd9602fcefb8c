import type { BinaryImage } from "./maskFilters.ts";

/** A closed ring of corners [x, y] in pixels of the mask: the first stands again at the end. */
export type Ring = [x: number, y: number][];

/** One piece of tissue: its outline, and the outlines of what is missing inside of it. */
export type ContourPolygon = { exterior: Ring; holes: Ring[] };

/** Directions along pixels' edges in the order of right turns, with y growing downwards. */
const EAST = 0;
const STEPS: readonly (readonly [dx: number, dy: number])[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];
/** Right, straight, left: at a corner where two pieces touch, an outline stays with its own. */
const TURNS = [1, 0, 3] as const;

/**
 * Outlines of a mask along the edges of its pixels: exact, so that the areas of the polygons less their holes sum up to the
 * mask's pixels. Pixels belong together where they share an edge; a ring meets no corner twice, so every polygon is valid.
 *
 * Exteriors have a positive area by the shoelace formula, holes a negative one, as RFC 7946 (3.1.6) wants of x and y.
 * Time and memory grow with the pixels.
 */
export const traceContours = (image: BinaryImage): ContourPolygon[] => {
  const labels = labelled(image);
  const exteriors = new Map<number, ContourPolygon>();
  const holes: { label: number; ring: Ring }[] = [];
  for (const { label, corners } of loops(image, labels)) {
    for (const ring of simpleRings(corners)) {
      if (signedArea(ring) > 0) exteriors.set(label, { exterior: ring, holes: [] });
      else holes.push({ label, ring });
    }
  }
  for (const { label, ring } of holes) exteriors.get(label)?.holes.push(ring);
  return [...exteriors.values()];
};

/** Area of a ring by the shoelace formula, in square pixels; positive where x turns towards y. */
export const signedArea = (ring: Ring): number =>
  ring.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = ring[index + 1] ?? [x, y];
    return sum + (x * nextY - nextX * y) / 2;
  }, 0);

/** Number of the piece that each pixel belongs to, from 1 on; 0 for none. Runs of a row are joined with those above them. */
const labelled = ({ data, widthPixels, heightPixels }: BinaryImage): Int32Array => {
  const labels = new Int32Array(data.length);
  const parents = [0];
  const rootOf = (label: number): number => {
    let root = label;
    while (parents[root] !== root) root = parents[root] as number;
    for (let at = label; at !== root; ) {
      const next = parents[at] as number;
      parents[at] = root;
      at = next;
    }
    return root;
  };
  for (let y = 0, at = 0; y < heightPixels; y++) {
    for (let x = 0; x < widthPixels; x++, at++) {
      if (data[at] === 0) continue;
      const left = x > 0 ? (labels[at - 1] as number) : 0;
      const above = y > 0 ? (labels[at - widthPixels] as number) : 0;
      if (left === 0 && above === 0) labels[at] = parents.push(parents.length) - 1;
      else labels[at] = left || above;
      if (left && above && left !== above) parents[rootOf(left)] = rootOf(above);
    }
  }
  for (let at = 0; at < labels.length; at++) if (labels[at] !== 0) labels[at] = rootOf(labels[at] as number);
  return labels;
};

/** For each corner of the pixels, a bit for each direction in which an outline leaves it, the tissue to its right. */
const edgesOf = ({ data, widthPixels, heightPixels }: BinaryImage): Uint8Array => {
  const stride = widthPixels + 1;
  const edges = new Uint8Array(stride * (heightPixels + 1));
  for (let y = 0; y <= heightPixels; y++) {
    let [leftUp, leftDown] = [0, 0];
    for (let x = 0; x <= widthPixels; x++) {
      const rightUp = x < widthPixels && y > 0 ? (data[(y - 1) * widthPixels + x] as number) : 0;
      const rightDown = x < widthPixels && y < heightPixels ? (data[y * widthPixels + x] as number) : 0;
      edges[y * stride + x] =
        (rightDown & ~rightUp) |
        ((leftDown & ~rightDown) << 1) |
        ((leftUp & ~leftDown) << 2) |
        ((rightUp & ~leftUp) << 3);
      leftUp = rightUp;
      leftDown = rightDown;
    }
  }
  return edges;
};

/** Every outline once, as its corners without the return to the first, with the piece that lies to its right. */
const loops = function* (image: BinaryImage, labels: Int32Array): Generator<{ label: number; corners: Ring }> {
  const stride = image.widthPixels + 1;
  const edges = edgesOf(image);
  for (let start = 0; start < edges.length; start++) {
    // Every outline has an edge that runs east: one search direction finds them all.
    while ((edges[start] ?? 0) & (1 << EAST)) {
      const [startX, startY] = [start % stride, Math.floor(start / stride)];
      const corners: Ring = [];
      let [x, y, direction] = [startX, startY, EAST];
      do {
        corners.push([x, y]);
        edges[y * stride + x] = (edges[y * stride + x] ?? 0) & ~(1 << direction);
        const [dx, dy] = STEPS[direction] ?? [0, 0];
        x += dx;
        y += dy;
        const leaving = edges[y * stride + x] ?? 0;
        const turn = TURNS.find((each) => leaving & (1 << ((direction + each) % 4)));
        if (turn === undefined) break;
        direction = (direction + turn) % 4;
      } while (x !== startX || y !== startY || direction !== EAST);
      yield { label: labels[startY * image.widthPixels + startX] ?? 0, corners };
    }
  }
};

/** Closed rings that meet no corner twice, and have corners only where they turn. */
const simpleRings = (corners: Ring): Ring[] => {
  const rings: Ring[] = [];
  const path: Ring = [];
  const placeOf = new Map<number, number>();
  for (const corner of corners) {
    const name = nameOf(corner);
    const place = placeOf.get(name);
    if (place !== undefined) {
      const cut = path.splice(place);
      for (const passed of cut) placeOf.delete(nameOf(passed));
      rings.push(closed(cut));
    }
    placeOf.set(name, path.length);
    path.push(corner);
  }
  return [...rings, closed(path)];
};

/** One number for a corner of a mask whose sides are below 2²⁶ pixels. */
const nameOf = ([x, y]: Ring[number]): number => y * 2 ** 26 + x;

const closed = (corners: Ring): Ring => {
  const turning = corners.filter(([x, y], index) => {
    const [beforeX, beforeY] = corners.at(index - 1) ?? [x, y];
    const [afterX, afterY] = corners[(index + 1) % corners.length] ?? [x, y];
    return (x - beforeX) * (afterY - y) !== (y - beforeY) * (afterX - x);
  });
  return turning[0] ? [...turning, turning[0]] : [];
};
