import { makeHeader } from "@ml-mosaic/fits";
import { expect, test } from "vitest";
import { mapNotes } from "./map-notes.ts";

function map(name: string, { longitude = 30, latitude = 0, step = 0.01, frame = "G", unit = "cm-2" } = {}) {
  const isGalactic = frame === "G";
  const header = makeHeader({
    BUNIT: unit,
    CTYPE1: isGalactic ? "GLON-CAR" : "RA---TAN",
    CTYPE2: isGalactic ? "GLAT-CAR" : "DEC--TAN",
    CRVAL1: longitude,
    CRVAL2: latitude,
    CRPIX1: 50.5,
    CRPIX2: 50.5,
    CDELT1: -step,
    CDELT2: step,
  });
  return { name, header, shape: [100, 100] } as const;
}

const byPatch = { normalization: "minmax" };

test("maps beside each other, of one scale and unit: nothing", () => {
  expect(mapNotes([map("a"), map("b", { longitude: 31.01 }), { ...map("c"), header: undefined }], byPatch)).toEqual([]);
  expect(mapNotes([map("a", { unit: "K" })], { normalization: "none" })).toEqual([]);
});

test("pixels of other sizes are told beyond a few per cent", () => {
  const far = { longitude: 90 };
  expect(mapNotes([map("a"), map("b", { ...far, step: 0.0102 })], byPatch)).toEqual([]);
  expect(mapNotes([map("a"), map("b", { ...far, step: 0.011 }), { ...map("c"), header: undefined }], byPatch)).toEqual([
    'pixels are not of one size: 36" in a, 39.6" in b (of c it is not known); a patch shows so much more of the sky in one map than in the other. Resample the maps to one scale if filaments should look alike.',
  ]);
});

test("the same sky in two maps, also in another frame", () => {
  // The Galactic (30, 0) is at 281.6146, -2.5619.
  const equatorial = map("c", { frame: "RA", longitude: 281.6146, latitude: -2.5619 });
  const [half] = mapNotes([map("a"), map("b", { longitude: 30.5 })], byPatch);
  expect(half).toMatch(/^a and b show the same sky, about (47|5[0-3]) % of the smaller one: /);
  const [turned] = mapNotes([map("a"), equatorial, map("far", { longitude: 90 })], byPatch);
  expect(turned).toMatch(/^a and c show the same sky, about [789]\d % /);
});

test("other units, where values of several maps are compared", () => {
  const maps = [map("a"), map("b", { longitude: 90, unit: "MJy/sr" }), map("c", { longitude: 120 })];
  expect(mapNotes(maps, byPatch)).toEqual([]);
  expect(mapNotes(maps, { normalization: "minmax", normalizationOver: "map" })).toEqual([]);
  for (const rules of [{ normalization: "none" }, { normalization: "log", normalizationOver: "all" }]) {
    expect(mapNotes(maps, rules)).toEqual([
      "units differ (BUNIT: cm-2 in a and c, MJy/sr in b), but values of all maps are compared as they are. Convert them to one unit.",
    ]);
  }
});
