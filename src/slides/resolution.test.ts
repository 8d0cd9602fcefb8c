import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aperioMicronsPerPixel, omeMicronsPerPixel, tiffTagMicronsPerPixel, toMicronsPerPixel } from "./resolution.ts";

const plausible = fc.double({ min: 0.05, max: 20, noNaN: true });

describe("resolution", () => {
  it("reads Aperio's MPP field and no other", () => {
    fc.assert(
      fc.property(plausible, (value) => {
        const text = `Aperio Image Library v11\r\n1x1 JPEG/RGB Q=30|AppMag = 20|MPP = ${value}|Left = 25.69`;
        expect(aperioMicronsPerPixel(text)).toEqual({ x: value, y: value });
      }),
    );
    expect(aperioMicronsPerPixel("Aperio|MyMPP = 0.5|AppMag = 20")).toBeNull();
    expect(aperioMicronsPerPixel("Aperio|MPP = unknown|")).toBeNull();
    expect(aperioMicronsPerPixel("Aperio|MPP = 0|")).toBeNull();
  });

  it("reads OME-XML in any of its units", () => {
    fc.assert(
      fc.property(plausible, plausible, (x, y) => {
        const xml = `<?xml version="1.0"?><OME><Image><Pixels SizeX="9" PhysicalSizeX="${x}" PhysicalSizeY="${y}"/></Image></OME>`;
        expect(omeMicronsPerPixel(xml)).toEqual({ x, y });
      }),
    );
    const withUnit = (size: number, unit: string) =>
      omeMicronsPerPixel(
        `<ome:OME><ome:Pixels PhysicalSizeX="${size}" PhysicalSizeXUnit="${unit}" PhysicalSizeY="${size}" PhysicalSizeYUnit="${unit}"/></ome:OME>`,
      );
    expect(withUnit(250, "nm")).toEqual({ x: 0.25, y: 0.25 });
    expect(withUnit(0.25, "&#181;m")).toEqual({ x: 0.25, y: 0.25 });
    expect(withUnit(0.25, "&#xB5;m")).toEqual({ x: 0.25, y: 0.25 });
    expect(withUnit(0.25, "mm")).toBeNull();
    expect(withUnit(0.25, "pixel")).toBeNull();
    expect(omeMicronsPerPixel("<OME><Image/></OME>")).toBeNull();
  });

  it("turns tags into µm/px only where they have a unit", () => {
    fc.assert(
      fc.property(plausible, plausible, (x, y) => {
        for (const [resolutionUnit, microns] of [
          [2, 25_400],
          [3, 10_000],
          [null, 25_400],
        ] as const) {
          const found = tiffTagMicronsPerPixel({ xResolution: microns / x, yResolution: microns / y, resolutionUnit });
          if (found === null) continue; // Only the very ends of the range, by rounding.
          expect(found.x).toBeCloseTo(x, 9);
          expect(found.y).toBeCloseTo(y, 9);
        }
        expect(tiffTagMicronsPerPixel({ xResolution: 1 / x, yResolution: 1 / y, resolutionUnit: 1 })).toBeNull();
      }),
    );
    expect(tiffTagMicronsPerPixel({ xResolution: 20_000, yResolution: 20_000, resolutionUnit: 3 })).toEqual({
      x: 0.5,
      y: 0.5,
    });
    expect(tiffTagMicronsPerPixel({ xResolution: 28.34, yResolution: 28.34, resolutionUnit: 3 })).toBeNull();
    expect(tiffTagMicronsPerPixel({ xResolution: 72, yResolution: 72, resolutionUnit: 2 })).toBeNull();
    expect(tiffTagMicronsPerPixel({ xResolution: 0, yResolution: 0, resolutionUnit: 2 })).toBeNull();
    expect(tiffTagMicronsPerPixel({ xResolution: null, yResolution: null, resolutionUnit: 3 })).toBeNull();
  });

  it("takes one axis for both, and drops a pair with an implausible axis", () => {
    expect(toMicronsPerPixel(0.5, null)).toEqual({ x: 0.5, y: 0.5 });
    expect(toMicronsPerPixel(0.5, 30)).toBeNull();
    expect(toMicronsPerPixel(0.049, 0.5)).toBeNull();
    expect(toMicronsPerPixel(Number.NaN, 0.5)).toBeNull();
    expect(toMicronsPerPixel(0.05, 20)).toEqual({ x: 0.05, y: 20 });
  });

  it("never fails on any text", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        for (const found of [
          aperioMicronsPerPixel(`Aperio|MPP = ${text}`),
          omeMicronsPerPixel(`<OME><Pixels ${text}>`),
        ])
          if (found) expect(Math.min(found.x, found.y)).toBeGreaterThanOrEqual(0.05);
      }),
    );
  });
});
