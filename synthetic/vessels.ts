/** Blood vessels: where they run, how far a point is from their wall, and the perivascular space around them. */
import { CELL_MICRONS, CELL_PIXELS, cellAt, type Layout, MICRONS_PER_PIXEL, TISSUE_CLASSES } from "./layout.ts";
import { noiseBank, sampleTile } from "./noise.ts";
import { type Random, randomStream } from "./random.ts";

/** A stretch of lumen along the line from (x0, y0), where its radius is r0, to (x1, y1), where it is r1; level-0 pixels. */
type Lumen = { x0: number; y0: number; r0: number; x1: number; y1: number; r1: number };

export type Vessel = {
  /** One after the other along a vessel cut lengthwise; side by side in a glomeruloid tuft. */
  lumens: Lumen[];
  /** Usual radius of the lumens, pixels. */
  calibre: number;
  glomeruloid: boolean;
  /** Thickness of the wall, pixels. */
  wall: number;
  /** Clear space outside the wall (Virchow–Robin), pixels. */
  gap: number;
  /** Width of the perivascular zone outside the wall, pixels; includes the gap. */
  zone: number;
  /** Where the outline noise is read. */
  noiseX: number;
  noiseY: number;
};

const lumenDistance = ({ x0, y0, r0, x1, y1, r1 }: Lumen, x: number, y: number): number => {
  const dx = x1 - x0;
  const dy = y1 - y0;
  const squared = dx * dx + dy * dy;
  const along = squared > 0 ? Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / squared)) : 0;
  return Math.hypot(x - x0 - along * dx, y - y0 - along * dy) - r0 - along * (r1 - r0);
};

/** Pixels from a point to the lumen's border: negative in the lumen, above `wall` outside the vessel. */
export const vesselDistance = (vessel: Vessel, x: number, y: number): number => {
  let nearest = Number.POSITIVE_INFINITY;
  for (const lumen of vessel.lumens) nearest = Math.min(nearest, lumenDistance(lumen, x, y));
  const amplitude = 0.6 + 0.05 * vessel.calibre;
  return nearest + amplitude * sampleTile(noiseBank().broad, vessel.noiseX + x * 0.9, vessel.noiseY + y * 0.9);
};

/** The box of level-0 pixels that reaches `margin` beyond the lumens, cut at the slide's edge. */
export const vesselBox = (vessel: Vessel, margin: number, edgePixels: number) => {
  let [left, top, right, bottom] = [edgePixels, edgePixels, 0, 0];
  for (const { x0, y0, r0, x1, y1, r1 } of vessel.lumens) {
    left = Math.min(left, x0 - r0, x1 - r1);
    top = Math.min(top, y0 - r0, y1 - r1);
    right = Math.max(right, x0 + r0, x1 + r1);
    bottom = Math.max(bottom, y0 + r0, y1 + r1);
  }
  return {
    left: Math.max(0, Math.floor(left - margin)),
    top: Math.max(0, Math.floor(top - margin)),
    right: Math.min(edgePixels, Math.ceil(right + margin)),
    bottom: Math.min(edgePixels, Math.ceil(bottom + margin)),
  };
};

/** A point where the distance to the lumen's border is about `target`, reached from a random point of the lumen, and the direction away from the wall there. */
export const pointNearVessel = (
  random: Random,
  vessel: Vessel,
  target: number,
): { x: number; y: number; angle: number } => {
  const lumen = vessel.lumens[random.below(vessel.lumens.length)] as Lumen;
  const along = random.uniform();
  const startX = lumen.x0 + along * (lumen.x1 - lumen.x0);
  const startY = lumen.y0 + along * (lumen.y1 - lumen.y0);
  const ray = random.uniform(0, 2 * Math.PI);
  let reach = lumen.r0 + target;
  // The distance grows by at most about one per pixel: a few corrections along the ray settle it.
  for (let step = 0; step < 12; step++) {
    const error = target - vesselDistance(vessel, startX + reach * Math.cos(ray), startY + reach * Math.sin(ray));
    if (Math.abs(error) < 0.3) break;
    reach += Math.max(0.5, Math.abs(error)) * Math.sign(error);
  }
  const [x, y] = [startX + reach * Math.cos(ray), startY + reach * Math.sin(ray)];
  const across = vesselDistance(vessel, x + 2, y) - vesselDistance(vessel, x - 2, y);
  const down = vesselDistance(vessel, x, y + 2) - vesselDistance(vessel, x, y - 2);
  return { x, y, angle: Math.atan2(down, across) };
};

const micronsToPixels = (microns: number): number => microns / MICRONS_PER_PIXEL;

const lengthwise = (random: Random, x: number, y: number, angle: number, radius: number, length: number): Lumen[] => {
  const steps = Math.max(1, Math.round(length / 24));
  const lumens: Lumen[] = [];
  // A vessel leaves the plane of the section at both ends: it narrows there instead of stopping.
  const taper = Math.min(0.65, (0.3 * length) / (radius + length / steps));
  const radiusAt = (step: number): number => radius * (1 - taper * Math.abs((2 * step) / steps - 1) ** 3);
  let [px, py, direction] = [x - (Math.cos(angle) * length) / 2, y - (Math.sin(angle) * length) / 2, angle];
  for (let i = 0; i < steps; i++) {
    const nx = px + (Math.cos(direction) * length) / steps;
    const ny = py + (Math.sin(direction) * length) / steps;
    lumens.push({ x0: px, y0: py, r0: radiusAt(i), x1: nx, y1: ny, r1: radiusAt(i + 1) });
    [px, py] = [nx, ny];
    direction += random.normal(0, 0.22);
  }
  return lumens;
};

const tuft = (random: Random, x: number, y: number, scale: number): Lumen[] =>
  Array.from({ length: 4 + random.below(4) }, () => {
    const angle = random.uniform(0, 2 * Math.PI);
    const away = Math.sqrt(random.uniform()) * 34 * scale;
    const [cx, cy] = [x + away * Math.cos(angle), y + away * Math.sin(angle)];
    const turn = random.uniform(0, Math.PI);
    const half = random.uniform(0, 7);
    const [r0, r1] = [random.uniform(2.5, 7), random.uniform(2.5, 7)];
    return {
      x0: cx - half * Math.cos(turn),
      y0: cy - half * Math.sin(turn),
      r0,
      x1: cx + half * Math.cos(turn),
      y1: cy + half * Math.sin(turn),
      r1,
    };
  });

const growVessel = (random: Random, layout: Layout, x: number, y: number): Vessel => {
  const cell = cellAt(layout, x, y);
  const inTumour = layout.classes[cell] === TISSUE_CLASSES.tumourCore;
  const noise = { noiseX: random.uniform(0, 256), noiseY: random.uniform(0, 256) };
  if (inTumour && random.uniform() < 0.5) {
    const lumens = tuft(random, x, y, random.uniform(0.7, 1.3));
    return {
      lumens,
      calibre: 5,
      glomeruloid: true,
      wall: micronsToPixels(random.uniform(5, 7.5)),
      gap: 0,
      zone: 36,
      ...noise,
    };
  }
  const radiusMicrons = random.uniform() < 0.35 ? random.uniform(9, 20) : random.uniform(3.5, 8);
  const isLengthwise = random.uniform() < 0.45;
  // Cut lengthwise, most sections miss the axis and show a narrower lumen.
  const radius = micronsToPixels(radiusMicrons) * (isLengthwise ? random.uniform(0.4, 0.75) : 1);
  const length = isLengthwise ? micronsToPixels(random.uniform(50, 150)) : radius * random.uniform(0, 1.6);
  const direction = (layout.fibreAngle[cell] as number) + random.normal(0, 0.8);
  const wallMicrons = 1.8 + 0.2 * radiusMicrons * random.uniform(0.6, 1.4) + (inTumour ? 1.5 : 0);
  return {
    lumens: lengthwise(random, x, y, direction, radius, length),
    calibre: radius,
    glomeruloid: false,
    wall: micronsToPixels(wallMicrons),
    gap: micronsToPixels(inTumour ? random.uniform(0, 2) : random.uniform(0, 1.5 + radiusMicrons * 0.35)),
    zone: micronsToPixels(Math.min(24, 11 + radiusMicrons * 0.75)),
    ...noise,
  };
};

const fitsTissue = (vessel: Vessel, layout: Layout, taken: Uint8Array): boolean => {
  const { left, top, right, bottom } = vesselBox(vessel, vessel.wall + vessel.zone, layout.edgePixels);
  for (let y = top; y < bottom; y += CELL_PIXELS) {
    for (let x = left; x < right; x += CELL_PIXELS) {
      const outside = vesselDistance(vessel, x, y) - vessel.wall;
      if (outside > vessel.zone) continue;
      const cell = cellAt(layout, x, y);
      if (taken[cell] === 1 || (layout.tissueDistance[cell] as number) < 2 * CELL_MICRONS) return false;
      if ((layout.necrosisDistance[cell] as number) > -2 * CELL_MICRONS) return false;
    }
  }
  return true;
};

/** µm from every cell to the nearest vessel's outer wall (negative inside the vessel, 1000 when none is near), and the cells of its zone. */
const mapVessels = (vessels: readonly Vessel[], layout: Layout): { distance: Float32Array; zone: Uint8Array } => {
  const distance = new Float32Array(layout.cells * layout.cells).fill(1000);
  const zone = new Uint8Array(distance.length);
  for (const vessel of vessels) {
    const { left, top, right, bottom } = vesselBox(vessel, 2 * vessel.zone + vessel.wall, layout.edgePixels);
    for (let row = Math.floor(top / CELL_PIXELS); row < bottom / CELL_PIXELS; row++) {
      for (let column = Math.floor(left / CELL_PIXELS); column < right / CELL_PIXELS; column++) {
        const outside = vesselDistance(vessel, (column + 0.5) * CELL_PIXELS, (row + 0.5) * CELL_PIXELS) - vessel.wall;
        const cell = row * layout.cells + column;
        distance[cell] = Math.min(distance[cell] as number, outside * MICRONS_PER_PIXEL);
        if (outside <= vessel.zone) zone[cell] = 1;
      }
    }
  }
  return { distance, zone };
};

export type Vasculature = {
  vessels: Vessel[];
  /** µm from each layout cell to the nearest outer wall, negative inside a vessel, 1000 where none is near. */
  wallDistance: Float32Array;
};

/** Grows a patient's vessels into the layout and marks their perivascular cells in `layout.classes`. */
export const growVessels = (seed: number, patientIndex: number, layout: Layout): Vasculature => {
  const random = randomStream(seed, "vessels", patientIndex);
  const squareMillimetres = (layout.edgePixels * MICRONS_PER_PIXEL * 0.001) ** 2;
  const wanted = Math.max(4, Math.round(random.uniform(17, 30) * squareMillimetres));
  const vessels: Vessel[] = [];
  const taken = new Uint8Array(layout.classes.length);
  for (let attempt = 0; attempt < 60 * wanted && vessels.length < wanted; attempt++) {
    const [x, y] = [random.uniform(0, layout.edgePixels), random.uniform(0, layout.edgePixels)];
    if (layout.classes[cellAt(layout, x, y)] === TISSUE_CLASSES.glass) continue;
    const vessel = growVessel(random, layout, x, y);
    if (!fitsTissue(vessel, layout, taken)) continue;
    vessels.push(vessel);
    const { zone } = mapVessels([vessel], layout);
    for (let i = 0; i < zone.length; i++) if (zone[i] === 1) taken[i] = 1;
  }
  const { distance, zone } = mapVessels(vessels, layout);
  for (let i = 0; i < zone.length; i++) if (zone[i] === 1) layout.classes[i] = TISSUE_CLASSES.perivascular;
  return { vessels, wallDistance: distance };
};
