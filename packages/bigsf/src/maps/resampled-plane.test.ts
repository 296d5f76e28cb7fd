import { makeHeader } from "@ml-mosaic/fits";
import { expect, test } from "vitest";
import { madePlane } from "../../test/made-plane.ts";
import type { Plane } from "./plane.ts";
import { resampledPlane } from "./resampled-plane.ts";
import { samplings } from "./sampled.ts";

/** A map of a tenth of a degree a pixel whose first column is at a longitude, and which columns were read of it. */
function mapFrom(longitude: number, columns: number) {
  const read: string[] = [];
  const header = makeHeader({
    CTYPE1: "GLON-CAR",
    CTYPE2: "GLAT-CAR",
    CRVAL1: longitude,
    CRVAL2: 0,
    CRPIX1: 1,
    CRPIX2: 11,
    CDELT1: -0.1,
    CDELT2: 0.1,
  });
  const made = madePlane({ header, shape: [21, columns] }, (_, x) => x);
  const plane: Plane = {
    ...made,
    section(y0, y1, x0, x1) {
      read.push(`${x0} to ${x1}`);
      return made.section(y0, y1, x0, x1);
    },
  };
  return { plane, read };
}

const [part, round] = [900, 3600];

test.each([
  { name: "inside", columns: part, from: 60, value: 300, reads: /^(29\d|300) to 31\d$/ },
  { name: "beside, at the first columns", columns: part, from: 90.5, value: undefined, reads: /^0 to [4-8]$/ },
  { name: "beside, at the last columns", columns: part, from: 0.5, value: 895, reads: /^89\d to 900$/ },
  { name: "a turn farther", columns: part, from: 420, value: 300, reads: /^(29\d|300) to 31\d$/ },
  { name: "far from it", columns: part, from: 270, value: undefined, reads: undefined },
  { name: "across the seam", columns: round, from: 90.5, value: 3595, reads: /^0 to 3600$/ },
  { name: "not across the seam", columns: round, from: 60, value: 300, reads: /^(29\d|300) to 31\d$/ },
])("of a map in longitudes only the columns are read that are looked at: $name", async (given) => {
  for (const sampling of samplings) {
    const { plane, read } = mapFrom(90, given.columns);
    const onto = mapFrom(given.from, 10).plane;
    const pixels = await resampledPlane(plane, onto, sampling)?.section(8, 12, 0, 10);
    expect(pixels?.[0], sampling).toEqual(given.value === undefined ? Number.NaN : expect.closeTo(given.value, 6));
    if (given.columns === round) expect(pixels?.some(Number.isNaN)).toBe(false);
    expect(read.length, sampling).toBe(given.reads === undefined ? 0 : 1);
    if (given.reads !== undefined) expect(read[0], sampling).toMatch(given.reads);
  }
});
