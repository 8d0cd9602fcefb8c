import { HistoError } from "../../platform/errors.ts";

/** A point in level-0 pixels of a slide. */
export type Point = readonly [x: number, y: number];
/** A closed outline; the last point is joined to the first, whether or not it repeats it. */
export type Ring = readonly Point[];
/** An outer ring and holes, in any order: what an odd number of them surrounds is inside. */
export type Polygon = readonly Ring[];
/** What any of its polygons surrounds. */
export type Region = readonly Polygon[];

/** Vertices that one region may have: an outline drawn by hand has hundreds, one traced from a mask some thousands. */
export const MAX_VERTICES = 20_000;

const EXAMPLE = '{"type": "Polygon", "coordinates": [[[0, 0], [2000, 0], [2000, 1500]]]}';

const refused = (what: string, fix: string, path: readonly string[]): HistoError =>
  new HistoError("BAD_ARGUMENT", what, { fix, path });

const readPoint = (value: unknown, path: readonly string[]): Point => {
  const [x, y] = Array.isArray(value) ? (value as unknown[]) : [];
  if (typeof x === "number" && typeof y === "number" && Number.isFinite(x) && Number.isFinite(y)) return [x, y];
  throw refused(
    "A position of the polygon is not a pair of numbers.",
    "Write each as [x, y] in level-0 pixels from the slide's upper left corner.",
    path,
  );
};

const isSamePoint = (a: Point | undefined, b: Point | undefined): boolean =>
  a !== undefined && b !== undefined && a[0] === b[0] && a[1] === b[1];

const MIN_CORNERS = 3;

const readList = (value: unknown, what: string, path: readonly string[]): readonly unknown[] => {
  if (Array.isArray(value) && value.length > 0) return value as unknown[];
  throw refused(`The ${what} of the region is not a list with something in it.`, `An example: ${EXAMPLE}`, path);
};

const readRing = (value: unknown, path: readonly string[]): Ring => {
  const points = readList(value, "ring", path).map((point, index) => readPoint(point, [...path, String(index)]));
  const ring = isSamePoint(points[0], points.at(-1)) ? points.slice(0, -1) : points;
  if (ring.length >= MIN_CORNERS) return ring;
  throw refused(
    `A ring of the polygon has ${ring.length} corners; that surrounds nothing.`,
    "Give at least three different positions.",
    path,
  );
};

const readPolygon = (value: unknown, path: readonly string[]): Polygon =>
  readList(value, "polygon", path).map((ring, index) => readRing(ring, [...path, String(index)]));

const requireFewVertices = (region: Region, path: readonly string[]): Region => {
  const vertices = region.flat().reduce((sum, ring) => sum + ring.length, 0);
  if (vertices <= MAX_VERTICES) return region;
  throw new HistoError("LIMIT_EXCEEDED", `The region has ${vertices} vertices; ${MAX_VERTICES} are possible.`, {
    fix: "Simplify its outline: patches are tens of pixels wide, so that a tolerance of some pixels loses nothing.",
    path,
  });
};

const typeOf = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value !== "object") return `a ${typeof value}`;
  const { type } = value as { type?: unknown };
  return typeof type === "string" ? `a ${type.slice(0, 40)}` : "an object without a type";
};

/**
 * A region out of GeoJSON (RFC 7946, with pixels in the place of degrees): a Polygon or MultiPolygon, or a Feature with
 * one. Rings may be closed or not, and wound either way.
 * @param path where it stands in the input
 * @throws HistoError BAD_ARGUMENT with the path of what is wrong, LIMIT_EXCEEDED
 */
export const readRegion = (value: unknown, path: readonly string[]): Region => {
  const { type, geometry, coordinates } = (typeof value === "object" && value !== null ? value : {}) as {
    type?: unknown;
    geometry?: unknown;
    coordinates?: unknown;
  };
  const place = [...path, "coordinates"];
  if (type === "Feature") return readRegion(geometry, [...path, "geometry"]);
  if (type === "Polygon") return requireFewVertices([readPolygon(coordinates, place)], path);
  if (type === "MultiPolygon") {
    const polygons = readList(coordinates, "list of polygons", place);
    return requireFewVertices(
      polygons.map((polygon, index) => readPolygon(polygon, [...place, String(index)])),
      path,
    );
  }
  throw refused(
    `The region is ${typeOf(value)}; a GeoJSON Polygon or MultiPolygon is needed.`,
    typeof value === "string"
      ? "Send the GeoJSON itself as JSON, not as a text that holds it."
      : `Send one geometry, or a Feature with one. An example: ${EXAMPLE}`,
    path,
  );
};

export type Box = { left: number; top: number; right: number; bottom: number };

/** The smallest upright rectangle around a region. */
export const boxOf = (region: Region): Box => {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const [x, y] of region.flat(2)) {
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  return box;
};

/** From its upper end, which belongs to it, to its lower end, which belongs to the next edge. */
type Edge = { top: number; bottom: number; x: number; slope: number };

const edgesOf = (polygon: Polygon): Edge[] =>
  polygon
    .flatMap((ring) =>
      ring.flatMap((from, index): Edge[] => {
        const to = ring[(index + 1) % ring.length] as Point;
        if (from[1] === to[1]) return [];
        const [upper, lower] = from[1] < to[1] ? [from, to] : [to, from];
        const slope = (lower[0] - upper[0]) / (lower[1] - upper[1]);
        return [{ top: upper[1], bottom: lower[1], x: upper[0], slope }];
      }),
    )
    .sort((a, b) => a.top - b.top);

/** How many of the ascending `crossings` lie strictly left of `x`. */
const countLeft = (crossings: Float64Array, x: number): number => {
  let [low, high] = [0, crossings.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((crossings[middle] as number) < x) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Marks the points of one polygon, sweeping from the top so that each line meets only the edges that cross it. */
const markInside = (
  polygon: Polygon,
  points: { x: ArrayLike<number>; y: ArrayLike<number> },
  order: Uint32Array,
  inside: Uint8Array,
) => {
  const edges = edgesOf(polygon);
  let begun = 0;
  let active: Edge[] = [];
  let line = Number.NaN;
  let crossings = new Float64Array();
  for (const index of order) {
    const y = points.y[index] as number;
    if (y !== line) {
      line = y;
      for (; begun < edges.length && (edges[begun] as Edge).top <= y; begun++) active.push(edges[begun] as Edge);
      active = active.filter(({ bottom }) => bottom > y);
      crossings = Float64Array.from(active, ({ top, x, slope }) => x + (y - top) * slope).sort();
    }
    if (countLeft(crossings, points.x[index] as number) % 2 === 1) inside[index] = 1;
  }
};

/**
 * Which of the points lie inside of a region, by the even–odd rule in each polygon: a ray from the point to the left crosses
 * an odd number of its edges (Shimrat, Algorithm 112, Communications of the ACM 5, 1962). Of a shared border every point
 * belongs to exactly one side.
 * @param points of equal length
 * @returns indexes into `points`, ascending
 */
export const indexesInside = (
  region: Region,
  points: { x: ArrayLike<number>; y: ArrayLike<number> },
): Uint32Array<ArrayBuffer> => {
  const order = Uint32Array.from({ length: points.x.length }, (_, index) => index).sort(
    (a, b) => (points.y[a] as number) - (points.y[b] as number),
  );
  const inside = new Uint8Array(points.x.length);
  for (const polygon of region) markInside(polygon, points, order, inside);
  return Uint32Array.from({ length: points.x.length }, (_, index) => index).filter((index) => inside[index] === 1);
};
