/**
 * GeoJSON (RFC 7946) of pictures: x and y in pixels in the place of longitude and latitude. Written piece by piece, so that
 * a collection may be larger than the memory; a reader knows a broken-off file by its missing end.
 */

/** A closed ring: exteriors turn from x towards y, holes the other way. */
type Ring = readonly (readonly [x: number, y: number])[];

export type GeoPolygon = { type: "Polygon"; coordinates: readonly Ring[] };
export type GeoFeature = { geometry: GeoPolygon; properties: Readonly<Record<string, unknown>> };

/** A hundredth of a pixel is finer than anything that is drawn. */
const rounded = (value: number): number => Math.round(value * 100) / 100;

/** A polygon of an exterior and its holes, moved by `-origin`. */
export const polygon = (rings: readonly Ring[], origin: { x: number; y: number }): GeoPolygon => ({
  type: "Polygon",
  coordinates: rings.map((ring) => ring.map(([x, y]) => [rounded(x - origin.x), rounded(y - origin.y)] as const)),
});

export const rectangle = (
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
  origin: { x: number; y: number },
): GeoPolygon =>
  polygon(
    [
      [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
        [x, y],
      ],
    ],
    origin,
  );

const textOf = ({ geometry, properties }: GeoFeature): string =>
  JSON.stringify({ type: "Feature", geometry, properties });

/** The text of a FeatureCollection with further members in front of the features, a piece for each batch. */
export const encodeFeatureCollection = async function* (
  members: Readonly<Record<string, unknown>>,
  batches: AsyncIterable<readonly GeoFeature[]>,
): AsyncGenerator<string> {
  yield `${JSON.stringify({ type: "FeatureCollection", ...members }).slice(0, -1)},"features":[`;
  let separator = "\n";
  for await (const features of batches) {
    if (features.length === 0) continue;
    yield separator + features.map(textOf).join(",\n");
    separator = ",\n";
  }
  yield "\n]}\n";
};
