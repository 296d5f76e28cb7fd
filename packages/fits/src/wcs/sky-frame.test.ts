import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { makeHeader } from "../header/header.ts";
import { skyFrame } from "./sky-frame.ts";

interface Case {
  readonly longitudeName: string;
  readonly RADESYS: string | null;
  readonly EQUINOX: number | null;
  readonly longitude: readonly number[];
  readonly latitude: readonly number[];
  readonly rightAscension: readonly number[];
  readonly declination: readonly number[];
}

const { frames }: { readonly frames: readonly Case[] } = JSON.parse(
  await readFile(new URL("../../fixtures/sky.json", import.meta.url), "utf8"),
);

/** Those with older E-terms, obliquity and precession are for comparisons only. */
function arcsecondsOf({ longitudeName, RADESYS, EQUINOX }: Case): number {
  const isExact = longitudeName === "GLON" || (longitudeName === "RA" && (RADESYS === null || EQUINOX === 2000));
  return isExact ? 1e-6 : 1.7;
}

test.each(frames)("$longitudeName $RADESYS $EQUINOX as astropy has it", (wanted) => {
  const { longitudeName, RADESYS, EQUINOX, longitude, latitude, rightAscension, declination } = wanted;
  const header = makeHeader({ ...(RADESYS === null ? {} : { RADESYS }), ...(EQUINOX === null ? {} : { EQUINOX }) });
  const vectors = skyFrame(header, longitudeName).toJ2000?.(longitude, latitude);
  const icrs = skyFrame(makeHeader({}), "RA").toJ2000?.(rightAscension, declination);
  const most = (arcsecondsOf(wanted) / 3600) * (Math.PI / 180);
  for (const [i, value] of vectors?.entries() ?? [])
    expect(Math.abs(value - (icrs?.[i] ?? Number.NaN))).toBeLessThan(most);
  expect(vectors).toHaveLength(12);
});

test("names tell skies apart", () => {
  const name = (cards: Parameters<typeof makeHeader>[0]) => skyFrame(makeHeader(cards), "RA").name;
  expect(name({})).toBe("RA ICRS");
  expect(name({ EQUINOX: 2000 })).toBe(name({ RADESYS: "FK5" }));
  expect(name({ EPOCH: 1950 })).toBe(name({ RADECSYS: "FK4", EQUINOX: 1950 }));
  expect(skyFrame(makeHeader({}), "HPLN").toJ2000).toBeUndefined();
});
