import type { SurvivalPoint } from "../../statistics/index.ts";

/** A curve of up to so many points is given whole. */
export const WHOLE_CURVE_POINTS = 1000;
/** Of a longer one, what it and its limits move by less than this is left out: less than a line's width in print. */
export const CURVE_TOLERANCE = 1 / 1000;

const moved = (from: SurvivalPoint, to: SurvivalPoint): boolean =>
  Math.abs(from.survival - to.survival) >= CURVE_TOLERANCE ||
  Math.abs(from.lower - to.lower) >= CURVE_TOLERANCE ||
  Math.abs(from.upper - to.upper) >= CURVE_TOLERANCE;

/**
 * A step curve with fewer points: at every time the kept steps differ from all of them by less than `CURVE_TOLERANCE`,
 * in the estimate and in both limits. `events` of a kept point include those of the points left out before it, so that
 * they add up; first and last point are always kept.
 */
export const thinCurve = (points: readonly SurvivalPoint[]): SurvivalPoint[] => {
  const [first, ...rest] = points;
  if (first === undefined || points.length <= WHOLE_CURVE_POINTS) return [...points];
  const kept = [first];
  let last = first;
  let events = 0;
  rest.forEach((point, index) => {
    events += point.events;
    if (!moved(last, point) && index < rest.length - 1) return;
    last = point;
    kept.push({ ...point, events });
    events = 0;
  });
  return kept;
};
