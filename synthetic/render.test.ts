import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type InvasionPattern, syntheticPatient } from "./cohort.ts";
import { cellAt, TISSUE_CLASSES } from "./layout.ts";
import { composeScene, immuneDensity, paintScene, type Scene, type SlideRecipe } from "./render.ts";

const recipeOf = (patientIndex: number, edgePixels: number, seed = 7): SlideRecipe => {
  const { pattern, site } = syntheticPatient(seed, patientIndex);
  return { seed, patientIndex, pattern, site, edgePixels };
};

const digest = (pixels: Uint8ClampedArray): string => createHash("sha256").update(pixels).digest("hex");

const render = (patientIndex: number, edgePixels: number): Uint8ClampedArray => {
  const recipe = recipeOf(patientIndex, edgePixels);
  return paintScene(composeScene(recipe), recipe);
};

/** Shares of the CD3+ cells in the perivascular zone and in background brain beyond the infiltration zone. */
const shares = ({ layout, immuneCells }: Scene) => {
  const count = (test: (cell: number) => boolean): number =>
    immuneCells.filter(({ x, y }) => test(cellAt(layout, x, y))).length / immuneCells.length;
  return {
    perivascular: count((cell) => layout.classes[cell] === TISSUE_CLASSES.perivascular),
    outside: count((cell) => (layout.outwardDistance[cell] as number) > 0),
  };
};

describe("rendering", () => {
  test("the same recipe gives the same bytes, another patient others", () => {
    const first = render(0, 512);
    expect(digest(render(0, 512))).toBe(digest(first));
    expect(digest(render(1, 512))).not.toBe(digest(first));
  });

  test("every slide has every class of tissue, and glass looks like glass", () => {
    for (const patientIndex of [0, 1, 2, 3, 4, 5]) {
      const recipe = recipeOf(patientIndex, 512);
      const scene = composeScene(recipe);
      const { classes, cells, tissueDistance } = scene.layout;
      expect([...new Set(classes)].sort()).toEqual(Object.values(TISSUE_CLASSES));
      const pixels = paintScene(scene, recipe);
      const greenAt = (cell: number): number =>
        pixels[3 * (((cell / cells) | 0) * 8 * 512 + (cell % cells) * 8) + 1] as number;
      const meanGreen = (wanted: (cell: number) => boolean): number => {
        const found = [...classes.keys()].filter(wanted).map(greenAt);
        return found.reduce((sum, value) => sum + value, 0) / found.length;
      };
      const glass = meanGreen((cell) => (tissueDistance[cell] as number) < -8);
      const core = meanGreen((cell) => classes[cell] === TISSUE_CLASSES.tumourCore);
      expect(glass).toBeGreaterThan(220);
      expect(core).toBeLessThan(glass - 30);
    }
  });

  test("density sums to the number of CD3+ cells", () => {
    const { layout, immuneCells } = composeScene(recipeOf(0, 1024));
    const squareMillimetres = 0.004 ** 2;
    const inner = immuneCells.filter(({ x, y }) => Math.min(x, y) > 100 && Math.max(x, y) < 924);
    const total = immuneDensity(layout, inner).reduce((sum, value) => sum + value, 0) * squareMillimetres;
    expect(inner.length).toBeGreaterThan(20);
    expect(total).toBeCloseTo(inner.length, 1);
  });
});

describe("invasion patterns", () => {
  // One patient with each pattern in turn: all else on the slide stays the same.
  const scenes = Array.from({ length: 6 }, (_, patientIndex) => {
    const as = (pattern: InvasionPattern): Scene => composeScene({ ...recipeOf(patientIndex, 2048), pattern });
    return { A: as("A"), B: as("B"), C: as("C"), D: as("D") };
  });

  test("A has few CD3+ cells; B, C and D have as many as each other", () => {
    for (const { A, B, C, D } of scenes) {
      expect(A.immuneCells.length).toBeLessThanOrEqual(13);
      expect(B.immuneCells.length).toBeGreaterThan(250);
      expect(C.immuneCells.length).toBe(B.immuneCells.length);
      expect(D.immuneCells.length).toBe(B.immuneCells.length);
    }
  });

  test("B gathers around vessels, C outside the infiltration zone, D nowhere", () => {
    for (const { B, C, D } of scenes) {
      expect(shares(B).perivascular).toBeGreaterThan(0.8);
      expect(shares(C).perivascular).toBeLessThan(0.3);
      expect(shares(D).perivascular).toBeLessThan(0.25);
      expect(shares(C).outside).toBeGreaterThan(0.75);
      expect(shares(D).outside).toBeLessThan(0.65);
    }
  });

  test("nothing but the CD3+ cells knows the pattern", () => {
    for (const { A, B, C, D } of scenes) {
      for (const other of [B, C, D]) {
        expect(Buffer.compare(other.layout.classes, A.layout.classes)).toBe(0);
        expect(other.vasculature.vessels).toEqual(A.vasculature.vessels);
      }
    }
  });
});

describe("mean colour", () => {
  /** Share of slides whose pattern the nearest class centroid names, each slide left out once. */
  const leaveOneOut = (colours: readonly number[][], labels: readonly string[]): number => {
    const kinds = [...new Set(labels)];
    const named = colours.map((colour, i) => {
      const distances = kinds.map((kind) => {
        const members = colours.filter((_, j) => j !== i && labels[j] === kind);
        const centroid = colour.map((_, k) => members.reduce((sum, m) => sum + (m[k] as number), 0) / members.length);
        return Math.hypot(...colour.map((value, k) => value - (centroid[k] as number)));
      });
      return kinds[distances.indexOf(Math.min(...distances))];
    });
    return named.filter((name, i) => name === labels[i]).length / labels.length;
  };

  test("does not tell B, C and D apart", () => {
    const slides = Array.from({ length: 60 }, (_, i) => recipeOf(i, 512)).filter(({ pattern }) => pattern !== "A");
    const colours = slides.map((recipe) => {
      const pixels = paintScene(composeScene(recipe), recipe);
      const sums = [0, 0, 0];
      for (let i = 0; i < pixels.length; i++) sums[i % 3] = (sums[i % 3] as number) + (pixels[i] as number);
      return sums.map((sum) => (3 * sum) / pixels.length);
    });
    const accuracy = leaveOneOut(
      colours,
      slides.map(({ pattern }) => pattern),
    );
    // Chance is 1/3; with 45 slides two standard deviations reach 0.47.
    expect(slides).toHaveLength(45);
    expect(accuracy).toBeLessThan(0.47);
  });
});
