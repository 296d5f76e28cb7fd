import { readdirSync } from "node:fs";
import { join } from "node:path";
import { addCommentary, createFits, getCommentary, makeHeader, openFits } from "@ml-mosaic/fits";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fitsverify, python, skipWithoutAstropy, skipWithoutFitsverify } from "../../../fits/test/astropy.ts";
import { openPlane, type Plane } from "../maps/plane.ts";
import { createResultFiles, maskName, probabilityName } from "./result-files.ts";

let folder = "";
let source: Plane;

/** A scaled integer map with axes of length 1 and coordinates that are rotated. */
beforeAll(async () => {
  folder = temporaryFolder();
  const header = makeHeader({
    BSCALE: 0.5,
    BZERO: 100,
    BLANK: -32768,
    BUNIT: ["cm-2", "column density"],
    DATAMIN: 1,
    DATAMAX: 2,
    OBJECT: ["Vela C", "a ridge's map"],
    CTYPE1: "GLON-TAN",
    CTYPE2: "GLAT-TAN",
    CTYPE3: "FREQ",
    CRPIX1: 2.5,
    CRPIX2: 1.25,
    CRPIX3: 1,
    CRVAL1: 265.1,
    CRVAL2: 1.4,
    CRVAL3: 1.4e9,
    CD1_1: -0.002,
    CD1_2: 0.001,
    CD2_1: 0.001,
    CD2_2: 0.002,
    CD3_3: 1,
  });
  const path = join(folder, "source.fits");
  await using writer = await createFits(path);
  await writer.image({
    shape: [1, 3, 4],
    data: new Int16Array(12),
    header: addCommentary(header, "HISTORY", "made by hand"),
    stored: true,
  });
  await writer.close();
  source = await openPlane(path);
});
afterAll(async () => {
  await source.close();
});

const probability = Float32Array.from([0, 0.25, 0.5, 0.75, 1, Number.NaN, 0.499, 0.501, 0.5, 0.1, 0.2, 0.9]);

async function write(into: string): Promise<void> {
  const { header, imageShape: shape } = source;
  const history = ["bigsf segment", "snapshot best.safetensors"];
  await using files = await createResultFiles(into, { header, shape, threshold: 0.5, history });
  const rows = (first: number, count: number) => ({
    firstRow: first,
    rowCount: count,
    probability: probability.slice(first * 4, (first + count) * 4),
    values: new Float64Array(count * 4),
  });
  expect([...(await files.write(rows(0, 1)))]).toEqual([0, 0, 0, 1]);
  expect([...(await files.write(rows(1, 2)))]).toEqual([1, 0, 0, 1, 0, 0, 0, 1]);
  expect(readdirSync(into).filter((name) => name.endsWith(".fits"))).not.toContain(maskName);
  await files.finish();
}

test("both maps have the shape of the source and its cards, but for those about its own pixels", async () => {
  const into = temporaryFolder();
  await write(into);
  expect(readdirSync(into).toSorted()).toEqual([maskName, probabilityName]);
  for (const name of [maskName, probabilityName]) {
    await using file = await openFits(join(into, name));
    const image = file.image();
    expect(image.shape).toEqual([1, 3, 4]);
    const { data } = await image.read();
    expect(data).toEqual(name === maskName ? Uint8Array.of(0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1) : probability);
    const keywords = image.header.cards.map(({ keyword }) => keyword);
    for (const gone of ["BSCALE", "BZERO", "BLANK", "DATAMIN", "DATAMAX"]) expect(keywords).not.toContain(gone);
    expect(image.header.cards.find(({ keyword }) => keyword === "BUNIT")).toMatchObject({
      value: "",
      comment: name === maskName ? "no unit: mask" : "no unit: probability",
    });
    expect(String(image.header.cards.find(({ keyword }) => keyword === "DATE")?.value)).toMatch(/^\d{4}-\d\d-\d\dT/);
    const raw = new Set(image.header.cards.map((card) => card.raw));
    const kept = source.header.cards.filter(({ keyword }) => /^(?:OBJECT|CTYPE|CR|CD|HISTORY)/.test(keyword));
    expect(kept).toHaveLength(16);
    for (const card of kept) expect(raw).toContain(card.raw);
    expect(getCommentary(image.header, "HISTORY").slice(-2)).toEqual(["bigsf segment", "snapshot best.safetensors"]);
  }
});

test("nothing is left of results that were not finished", async () => {
  const into = temporaryFolder();
  const { header, imageShape: shape } = source;
  {
    await using files = await createResultFiles(into, { header, shape, threshold: 0.5, history: [] });
    expect(readdirSync(into)).toHaveLength(2);
    expect(files).toBeDefined();
  }
  expect(readdirSync(into)).toEqual([]);
});

test.skipIf(skipWithoutAstropy)(
  "astropy reads the same pixels, and the same coordinates as in the source",
  async () => {
    const into = temporaryFolder();
    await write(into);
    const script = `
import json, sys, warnings
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
warnings.simplefilter("error", fits.verify.VerifyWarning)
def sky(path):
    with fits.open(path) as file:
        file.verify("exception")
        return [float(v) for v in WCS(file[0].header).celestial.pixel_to_world_values([0, 3, 1.5], [0, 2, 1.5])[0]]
def pixels(path):
    with fits.open(path) as file:
        data = file[0].data
        return [str(data.dtype.name), list(data.shape), np.where(np.isnan(data), -1, data).ravel().tolist()]
source, probability, mask = sys.argv[1:]
print(json.dumps({"sky": [sky(each) for each in sys.argv[1:]], "probability": pixels(probability), "mask": pixels(mask)}))
`;
    const paths = [join(folder, "source.fits"), join(into, probabilityName), join(into, maskName)];
    const expected = Array.from(probability, (value) => (Number.isNaN(value) ? -1 : value));
    const read = await python(script, ...paths);
    expect(read).toMatchObject({
      probability: ["float32", [1, 3, 4], expected],
      mask: ["uint8", [1, 3, 4], [0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1]],
    });
    const { sky }: { sky: number[][] } = Object(read);
    expect(sky[1]).toEqual(sky[0]);
    expect(sky[2]).toEqual(sky[0]);
    expect(sky[0]?.[0]).toBeCloseTo(265.1, 1);
  },
);

test.skipIf(skipWithoutFitsverify)("fitsverify finds nothing to say", async () => {
  const into = temporaryFolder();
  await write(into);
  for (const name of [maskName, probabilityName])
    expect(fitsverify(join(into, name))).toContain("found 0 warning(s) and 0 error(s)");
});
