import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { FitsError } from "../fits-error.ts";
import { formatCard } from "../header/format-card.ts";
import { emptyHeader, type Header, makeHeader, setCard } from "../header/header.ts";
import { parseHeader } from "../header/header-bytes.ts";
import { readCelestialWcs } from "./celestial.ts";

interface Case {
  readonly name: string;
  readonly header: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly longitude: readonly (number | null)[];
  readonly latitude: readonly (number | null)[];
  readonly backX: readonly (number | null)[];
  readonly backY: readonly (number | null)[];
}

const fixture = async (name: string) =>
  JSON.parse(await readFile(new URL(`../../fixtures/${name}`, import.meta.url), "utf8"));
const maps: { readonly headers: readonly Case[] } = await fixture("sky.json");
const cases: readonly Case[] = [...(await fixture("wcs.json")), ...maps.headers];

/** Angle on the sky, degrees, exact for small ones. */
function distance(lon1: number, lat1: number, lon2: number, lat2: number): number {
  const radians = Math.PI / 180;
  const dLon = Math.sin(((lon2 - lon1) * radians) / 2) ** 2 * Math.cos(lat1 * radians) * Math.cos(lat2 * radians);
  return (2 * Math.asin(Math.sqrt(Math.sin(((lat2 - lat1) * radians) / 2) ** 2 + dLon))) / radians;
}

const numbers = (values: readonly (number | null)[]) => Float64Array.from(values, (value) => value ?? Number.NaN);

test.each(cases)("$name as astropy has it", ({ header: text, x, y, ...wanted }) => {
  const header = parseHeader(Buffer.from(text, "latin1"));
  if (header === null) expect.fail("no END");
  const wcs = readCelestialWcs(header);
  if (wcs === null) expect.fail("no celestial axes");
  const sky = wcs.pixelToSky(x, y);
  const [longitude, latitude] = [numbers(wanted.longitude), numbers(wanted.latitude)];
  for (const [i, lon] of longitude.entries()) {
    // CAR goes on beyond one turn, where wcslib ends.
    if (Number.isNaN(lon) && wcs.projection === "CAR") continue;
    if (Number.isNaN(lon)) expect(sky.longitude[i]).toBeNaN();
    else expect(distance(lon, latitude[i] ?? 0, sky.longitude[i] ?? 0, sky.latitude[i] ?? 0)).toBeLessThan(1e-9);
  }
  const back = wcs.skyToPixel(longitude, latitude);
  for (const [i, backX] of numbers(wanted.backX).entries()) {
    // 1e-9 degrees in pixels of the finest of the headers would be 1e-3: what counts is the angle.
    const scale = Math.abs(Number(header.cards.find(({ keyword }) => keyword === "CDELT2")?.value ?? 0.008));
    if (Number.isNaN(backX)) continue;
    expect(Math.abs((back.x[i] ?? 0) - backX) * scale).toBeLessThan(1e-9);
    expect(Math.abs((back.y[i] ?? 0) - (wanted.backY[i] ?? 0)) * scale).toBeLessThan(1e-9);
  }
});

const galactic = makeHeader({
  CTYPE1: "GLON-TAN",
  CTYPE2: "GLAT-TAN",
  CRVAL1: 30,
  CRVAL2: 1,
  CRPIX1: 1,
  CRPIX2: 1,
  CDELT1: -0.01,
  CDELT2: 0.01,
});

const change = (keyword: string, value: string | number): Header => setCard(galactic, keyword, value);

test.each([
  ["CTYPE1", "GLON-COE"],
  ["CTYPE1", "GLON-TAN-SIP"],
  ["PV2_1", 1],
  ["PC1_3", 0.5],
])("%s = %s is named as not supported", (keyword, value) => {
  const header = keyword === "PC1_3" ? setCard(change(keyword, value), "CTYPE3", "VELO") : change(keyword, value);
  expect(() => readCelestialWcs(header)).toThrow(expect.objectContaining({ code: "UNSUPPORTED", keyword }));
});

test.each<[projection: string, parameters: Readonly<Record<string, number>>, keyword: string]>([
  ["CEA", { PV2_1: 0 }, "PV2_1"],
  ["CEA", { PV2_1: 1.5 }, "PV2_1"],
  ["CYP", { PV2_2: 0 }, "PV2_2"],
  ["CYP", { PV2_1: -2, PV2_2: 2 }, "PV2_1"],
  ["HPX", { PV2_1: 0 }, "PV2_1"],
  ["HPX", { PV2_2: -3 }, "PV2_2"],
  ["ZPN", {}, "PV2_1"],
  ["ZPN", { PV2_0: 1 }, "PV2_1"],
  ["ZPN", { PV2_1: 0, PV2_3: -1 }, "PV2_1"],
])("%s with %o projects nothing", (projection, parameters, keyword) => {
  let header = setCard(change("CTYPE1", `RA---${projection}`), "CTYPE2", `DEC--${projection}`);
  for (const [name, value] of Object.entries(parameters)) header = setCard(header, name, value);
  expect(() => readCelestialWcs(header)).toThrow(expect.objectContaining({ code: "WCS_INVALID", keyword }));
});

test.each([
  ["CDELT1", 0],
  ["CUNIT1", "pc"],
])("%s = %s is invalid", (keyword, value) => {
  expect(() => readCelestialWcs(change(keyword, value))).toThrow(expect.objectContaining({ code: "WCS_INVALID" }));
});

test("what was repaired is noted", () => {
  const notesOf = (name: string) => {
    const text = maps.headers.find((each) => each.name === name)?.header ?? "";
    return readCelestialWcs(parseHeader(Buffer.from(text, "latin1")) ?? emptyHeader)?.notes;
  };
  expect(notesOf("lower case")).toEqual(["ctype1 is read as CTYPE1", "crpix1 is read as CRPIX1"]);
  expect(notesOf("CUNIT degrees")).toEqual(["CUNIT1 'degrees' is read as deg", "CUNIT2 'degrees' is read as deg"]);
  expect(notesOf("GLS")).toEqual(["the projection GLS is an older name of SFL"]);
  expect(notesOf("SIP not named")).toEqual(["SIP coefficients are used although CTYPE1 does not end in -SIP"]);
  expect(notesOf("SIP")).toEqual([]);
});

test("a map of the whole plane in CAR goes on beyond 180 degrees from its reference", () => {
  const header = makeHeader({
    CTYPE1: "GLON-CAR",
    CTYPE2: "GLAT-CAR",
    CRVAL1: 180,
    CRPIX1: 1,
    CRPIX2: 20,
    CDELT1: -0.125,
    CDELT2: 0.125,
  });
  const sky = readCelestialWcs(header)?.pixelToSky([0, 1440, 1441, 2879], [19, 19, 19, 19]);
  expect([...(sky?.longitude ?? [])]).toEqual([180, 0, 359.875, 180.125]);
});

test("an invalid card is named", () => {
  const header = { cards: [...galactic.cards, { ...formatCard("LONPOLE", "north") }] };
  expect(() => readCelestialWcs(header)).toThrow(FitsError);
});

test("no celestial axes, alternate axes", () => {
  expect(readCelestialWcs(emptyHeader)).toBeNull();
  expect(readCelestialWcs(makeHeader({ CTYPE1: "WAVE", CTYPE2: "LINEAR" }))).toBeNull();
  const renamed = { cards: galactic.cards.map((card) => formatCard(`${card.keyword}B`, card.value)) };
  expect(readCelestialWcs(renamed)).toBeNull();
  expect(readCelestialWcs(renamed, "B")).toMatchObject({ longitudeName: "GLON", projection: "TAN" });
});
