import { type CardValue, formatCard, type Header, makeHeader, setCard } from "@ml-mosaic/fits";
import { expect, test } from "vitest";
import type { MapOfSky } from "./coordinates.ts";
import { mapConflict } from "./same-pixels.ts";

type Cards = Readonly<Record<string, CardValue>>;

const galactic: Cards = {
  CTYPE1: "GLON-CAR",
  CTYPE2: "GLAT-CAR",
  CRPIX1: 48,
  CRPIX2: 48,
  CRVAL1: 30,
  CRVAL2: 0,
  CDELT1: -0.003,
  CDELT2: 0.003,
};
const celestial: Cards = { ...galactic, CTYPE1: "RA---TAN", CTYPE2: "DEC--TAN" };

function map(header: Header | Cards, more: Partial<MapOfSky> = {}): MapOfSky {
  return {
    path: "other.fits",
    shape: [96, 96],
    axes: [1, 2],
    header: isHeader(header) ? header : makeHeader(header),
    ...more,
  };
}

const isHeader = (header: Header | Cards): header is Header => Array.isArray(header.cards);

const conflictOf = (image: Cards | Header, other: Cards | Header, more: Partial<MapOfSky> = {}) =>
  mapConflict(map(image, { path: "image.fits" }), map(other, more));

const without = (cards: Cards, ...names: readonly string[]): Cards =>
  Object.fromEntries(Object.entries(cards).filter(([name]) => !names.includes(name)));

/** The matrix of a header with CDELT, turned by an angle, in some spelling. */
function spelt(kind: "PC" | "CD", older: boolean, degrees = 0): Cards {
  const angle = (degrees * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const scale = kind === "CD" ? [-0.003, 0.003] : [1, 1];
  const entries = [
    [c, -s],
    [s, c],
  ].flatMap((row, i) =>
    row.map((value, j) => [
      older ? `${kind}00${i + 1}00${j + 1}` : `${kind}${i + 1}_${j + 1}`,
      value * (scale[j] ?? 1),
    ]),
  );
  return { ...(kind === "CD" ? without(celestial, "CDELT1", "CDELT2") : celestial), ...Object.fromEntries(entries) };
}

test.each<[string, Cards, Cards, RegExp]>([
  [
    "half a degree away",
    galactic,
    { ...galactic, CRVAL1: 30.5 },
    /GLON 29\.997°, GLAT .* but at GLON 30\.497°.*, 167 pixels apart/,
  ],
  [
    "RA and Dec on a Galactic image",
    galactic,
    { ...galactic, CTYPE1: "RA---CAR", CTYPE2: "DEC--CAR" },
    /at RA 30\.\d+°, DEC/,
  ],
  ["twice the pixels", celestial, { ...celestial, CDELT1: -0.006, CDELT2: 0.006 }, /\d\d pixels apart/],
  ["mirrored", celestial, { ...celestial, CDELT1: 0.003 }, /pixels apart/],
  ["a pixel away", celestial, { ...celestial, CRPIX2: 49 }, /1\.0 pixels apart/],
  ["turned, by CROTA2", celestial, { ...celestial, CROTA2: 20 }, /pixels apart/],
  ["turned, by PC", celestial, spelt("PC", false, 20), /pixels apart/],
  ["turned, by older PC", celestial, spelt("PC", true, 20), /pixels apart/],
  ["turned, by CD", celestial, spelt("CD", false, 20), /pixels apart/],
  ["turned, by older CD", celestial, spelt("CD", true, 20), /pixels apart/],
  [
    "pixels that count from elsewhere",
    { CRPIX1: 1, CRVAL1: 101 },
    { CRPIX1: 1, CRVAL1: 1 },
    /is at 101, 0|100 pixels apart/,
  ],
  [
    "other linear axes",
    { CTYPE1: "XPOS", CDELT1: 2 },
    { CTYPE1: "VELO", CDELT1: 2 },
    /its coordinate is VELO where the image has XPOS/,
  ],
  [
    "unknown projections that differ",
    { ...galactic, CTYPE1: "GLON-BON", CTYPE2: "GLAT-BON" },
    { ...galactic, CTYPE1: "GLON-BON", CTYPE2: "GLAT-BON", CRVAL2: 2 },
    /its CRVAL2 is 2, the image's 0/,
  ],
  [
    "a number that is a text",
    { ...galactic, CRPIX1: 64.5 },
    { ...galactic, CRPIX1: "64.5" },
    /its CRPIX1 is the text "64\.5", the image's 64\.5;/,
  ],
  [
    "solar on Galactic",
    galactic,
    { ...galactic, CTYPE1: "HPLN-CAR", CTYPE2: "HPLT-CAR" },
    /its coordinates are HPLN and HPLT, the image's GLON and GLAT/,
  ],
  ["the other end of the sky", celestial, { ...celestial, CRVAL1: 210 }, /pixels apart/],
])("%s is refused", (_, image, other, message) => {
  const conflict = conflictOf(image, other);
  expect(conflict).toMatch(message);
  expect(conflict).toMatch(
    /^other\.fits does not lie on the image image\.fits: .*; give maps of the same pixels, or coordinates: ignore/,
  );
  expect(mapConflict(map(image), map(other), "ignore")).toBeUndefined();
});

test.each<[string, Cards, Cards]>([
  ["the same", galactic, galactic],
  ["a map that says nothing", galactic, {}],
  ["an image that says nothing", {}, galactic],
  ["pixels only", { CRPIX1: 1, CRPIX2: 1, CDELT1: 1, CDELT2: 1 }, galactic],
  ["less than half a pixel", celestial, { ...celestial, CRPIX1: 48.4 }],
  ["PC", celestial, spelt("PC", false)],
  ["older PC", celestial, spelt("PC", true)],
  ["CD", celestial, spelt("CD", false)],
  ["older CD", celestial, spelt("CD", true)],
  ["CROTA2 and CD of the same angle", spelt("CD", false, 20), { ...celestial, CROTA2: 20 }],
  ["another reference pixel of the same plane", galactic, { ...galactic, CRPIX1: 148, CRVAL1: 29.7 }],
  ["arc minutes", galactic, { ...galactic, CUNIT1: "arcmin", CDELT1: -0.18, CRVAL1: 1800 }],
  ["Galactic without a projection", galactic, { ...galactic, CTYPE1: "GLON", CTYPE2: "GLAT" }],
  ["ICRS and FK5", celestial, { ...celestial, RADESYS: "FK5", EQUINOX: 2000 }],
  [
    "an unknown projection",
    { ...galactic, CTYPE1: "GLON-BON", CTYPE2: "GLAT-BON" },
    { ...galactic, CTYPE1: "GLON-BON", CTYPE2: "GLAT-BON", CRPIX1: 48.2 },
  ],
])("%s is taken", (_, image, other) => {
  expect(conflictOf(image, other)).toBeUndefined();
});

test("the same sky in other coordinates is taken, B1950 and Galactic", () => {
  // Each is a map of 96 pixels around the Galactic centre's neighbour; computed with astropy.
  const here = {
    ...celestial,
    CTYPE1: "RA---TAN",
    CTYPE2: "DEC--TAN",
    CRVAL1: 10.658967275715431,
    CRVAL2: 20.2738672156196,
  };
  const older = { ...here, RADESYS: "FK4", EQUINOX: 1950, CRVAL1: 10, CRVAL2: 20 };
  // The north of B1950 is turned by a tenth of a degree: less than half a pixel from the centre to a corner.
  expect(conflictOf(here, older)).toBeUndefined();
  expect(conflictOf({ ...here, CRVAL1: 10, CRVAL2: 20 }, older)).toMatch(/pixels apart/);
});

test("axes of length 1 anywhere, latitude first", () => {
  const cube = { ...galactic, CTYPE3: "VELO", CRPIX3: 1, CRVAL3: 5, CDELT3: 1 };
  expect(conflictOf(galactic, cube)).toBeUndefined();
  const between = { CTYPE1: "VELO", CRPIX1: 1, CRVAL1: 5, CDELT1: 1 };
  const moved = Object.fromEntries(
    Object.entries(galactic).map(([name, value]) => [
      name.replace(/(\d)$/, (digit) => String(Number(digit) + 1)),
      value,
    ]),
  );
  expect(conflictOf(galactic, { ...between, ...moved }, { axes: [2, 3] })).toBeUndefined();
  expect(conflictOf(galactic, { ...between, ...moved, CRVAL2: 31 }, { axes: [2, 3] })).toMatch(/pixels apart/);
  const swapped = {
    CTYPE1: "GLAT-CAR",
    CTYPE2: "GLON-CAR",
    CRPIX1: 48,
    CRPIX2: 48,
    CRVAL1: 0,
    CRVAL2: 30,
    CDELT1: 0.003,
    CDELT2: -0.003,
  };
  expect(conflictOf(galactic, swapped)).toMatch(/pixels apart/);
  expect(conflictOf(swapped, swapped)).toBeUndefined();
});

test("maps of the whole sky, whose corners are none", () => {
  const all = { ...galactic, CTYPE1: "GLON-AIT", CTYPE2: "GLAT-AIT", CRVAL1: 0, CDELT1: -4, CDELT2: 4 };
  expect(conflictOf(all, all)).toBeUndefined();
  expect(conflictOf(all, { ...all, CRVAL1: 20 })).toMatch(/pixels apart/);
});

test("a card that cannot be read is no reason to fail", () => {
  const broken = setCard(
    { cards: [...makeHeader({ ...galactic }).cards, formatCard("LONPOLE", "north")] },
    "CRVAL2",
    0,
  );
  expect(conflictOf(galactic, broken)).toBeUndefined();
});
