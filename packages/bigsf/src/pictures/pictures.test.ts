import { emptyHeader, makeHeader } from "@ml-mosaic/fits";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { describe, expect, test } from "vitest";
import { colourOf, colourTable } from "./colour-map.ts";
import { drawMap, type MapPicture } from "./draw-map.ts";
import { mapAxes } from "./map-axes.ts";
import { layOutPicture } from "./picture-layout.ts";
import { startPreview } from "./preview.ts";
import { quantityText } from "./quantity.ts";
import { asinhStretch } from "./stretch.ts";
import { exponentOf, numeral, roundValues, superscript } from "./ticks.ts";

describe("numbers along axes", () => {
  test("round values", () => {
    expect(roundValues(0, 10, 5)).toEqual({ values: [0, 2, 4, 6, 8, 10], decimals: 0 });
    expect(roundValues(-0.32, 0.32, 4)).toEqual({ values: [-0.2, 0, 0.2], decimals: 1 });
    expect(roundValues(29.68, 30.32, 7).values.map((value) => numeral(value, 1))).toEqual([
      "29.7",
      "29.8",
      "29.9",
      "30.0",
      "30.1",
      "30.2",
      "30.3",
    ]);
    expect(roundValues(3, 3, 5).values).toEqual([]);
    expect(roundValues(Number.NaN, 3, 5).values).toEqual([]);
  });

  test("signs and powers", () => {
    expect(numeral(-0.5, 1)).toBe("−0.5");
    expect(numeral(-0.001, 1)).toBe("0.0");
    expect(superscript(-22)).toBe("⁻²²");
    expect([1, 9999, 10_000, 0.01, 0.001, 3e22, 0, Number.NaN].map(exponentOf)).toEqual([0, 0, 4, 0, -3, 22, 0, 0]);
  });

  test.each([
    ["cm-2", "intensity [cm⁻²]"],
    ["MJy/sr", "intensity [MJy/sr]"],
    ["10^21 H2 cm^-2", "intensity [10^21 H2 cm⁻²]"],
    [" ", "intensity"],
    [undefined, "intensity"],
  ])("BUNIT %s", (unit, text) => {
    expect(quantityText(unit)).toBe(text);
  });
});

describe("coordinates", () => {
  const galactic = {
    CTYPE1: "GLON-CAR",
    CTYPE2: "GLAT-CAR",
    CRPIX1: 100.5,
    CRPIX2: 50.5,
    CRVAL1: 0,
    CRVAL2: 0,
    CDELT1: -0.01,
    CDELT2: 0.01,
  };
  const options = { mapShape: [100, 200], columns: [0, 200], most: [5, 5] } as const;

  test("Galactic: longitude grows to the left, also over 0", () => {
    const { x, y } = mapAxes({ ...options, header: makeHeader(galactic) });
    expect(x.title).toBe("Galactic longitude");
    expect(x.ticks.map(({ label }) => label)).toEqual(["359.0°", "359.5°", "0.0°", "0.5°", "1.0°"]);
    for (const [i, at] of [199.5, 149.5, 99.5, 49.5, -0.5].entries()) expect(x.ticks[i]?.at).toBeCloseTo(at, 6);
    expect(y.ticks.map(({ label }) => label)).toEqual(["−0.4°", "−0.2°", "0.0°", "0.2°", "0.4°"]);
    expect(y.ticks[0]?.at).toBeCloseTo(9.5, 6);
  });

  test("of a panel only what it shows", () => {
    const { x } = mapAxes({ ...options, columns: [100, 200], header: makeHeader(galactic) });
    expect(x.ticks.map(({ label }) => label)).toEqual(["359.0°", "359.2°", "359.4°", "359.6°", "359.8°", "0.0°"]);
    expect(x.ticks[5]?.at).toBeCloseTo(99.5, 6);
  });

  test("a map wider than the sky goes on, as one of the whole plane that begins at 180 degrees", () => {
    const whole = { ...galactic, CRPIX1: 200.5, CDELT1: -1 };
    const { x, y } = mapAxes({ ...options, mapShape: [100, 400], columns: [0, 400], header: makeHeader(whole) });
    expect(x.title).toBe("Galactic longitude");
    expect(x.ticks.map(({ label }) => label)).toEqual(["160°", "260°", "0°", "100°", "200°"]);
    for (const [i, at] of [399.5, 299.5, 199.5, 99.5, -0.5].entries()) expect(x.ticks[i]?.at).toBeCloseTo(at, 6);
    expect(y.ticks.map(({ label }) => label)).toEqual(["−0.4°", "−0.2°", "0.0°", "0.2°", "0.4°"]);
    const plane = makeHeader({ ...galactic, CRVAL1: 180, CRPIX1: 1, CDELT1: -0.125, CDELT2: 0.125 });
    for (const first of [0, 720, 1440, 2160]) {
      const panel = mapAxes({ ...options, mapShape: [41, 2881], columns: [first, first + 720], header: plane });
      expect([first, panel.isSky, panel.y.title]).toEqual([first, true, "Galactic latitude"]);
    }
  });

  test("latitude first", () => {
    const header = makeHeader({ ...galactic, CTYPE1: "GLAT-CAR", CTYPE2: "GLON-CAR", CDELT1: 0.01, CDELT2: -0.01 });
    const { x, y } = mapAxes({ ...options, header });
    expect([x.title, y.title]).toEqual(["Galactic latitude", "Galactic longitude"]);
  });

  test.each([
    ["no header", undefined],
    ["no celestial axes", emptyHeader],
    ["a projection that is not known", makeHeader({ ...galactic, CTYPE1: "GLON-BON", CTYPE2: "GLAT-BON" })],
  ])("pixels: %s", (_, header) => {
    const { x, y } = mapAxes({ ...options, header });
    expect([x.title, y.title]).toEqual(["x [pixel]", "y [pixel]"]);
    expect(x.ticks).toEqual([0, 50, 100, 150].map((at) => ({ at, label: String(at) })));
  });
});

describe("size", () => {
  test.each<[readonly [number, number], Partial<ReturnType<typeof layOutPicture>>]>([
    [[200, 200], { factor: 1, zoom: 5, panels: 1, rows: 200, columns: 200 }],
    [[1, 1], { factor: 1, panels: 1, rows: 1, columns: 1 }],
    [[5000, 5000], { factor: 5, zoom: 1, panels: 1, rows: 1000 }],
    [[1800, 10_000], { factor: 4, zoom: 1, panels: 2, panelColumns: 1250 }],
    [[1800, 114_000], { panels: 8, zoom: 1 }],
    [[114_000, 1800], { panels: 1, zoom: 1, factor: 104 }],
  ])("%j", (shape, expected) => {
    const layout = layOutPicture(shape);
    expect(layout).toMatchObject(expected);
    expect(layout.panelColumns * layout.zoom).toBeLessThanOrEqual(1500);
    expect(layout.rows * layout.zoom).toBeLessThanOrEqual(1100);
    expect(layout.panels * layout.panelColumns).toBeGreaterThanOrEqual(layout.columns);
  });

  test("cells are means of what is finite, whatever the rows come in", () => {
    const [height, width] = [2203, 1501];
    const pixels = Float64Array.from({ length: height * width }, (_, i) =>
      i % 7 === 0 ? Number.NaN : Math.floor(i / width) + (i % width) / 1e4,
    );
    pixels.fill(Number.NaN, 0, 5 * width);
    const preview = startPreview([height, width]);
    for (let y = 0; y < height; y += 100) preview.add(y, pixels.subarray(y * width, (y + 100) * width));
    const { values, layout } = preview.finish();
    expect(layout).toMatchObject({ factor: 3, rows: 735, columns: 501 });
    for (const [row, column] of [
      [0, 0],
      [1, 0],
      [734, 500],
      [300, 7],
    ] as const) {
      const inside: number[] = [];
      for (let y = 3 * row; y < Math.min(height, 3 * row + 3); y++)
        for (let x = 3 * column; x < Math.min(width, 3 * column + 3); x++) inside.push(pixels[y * width + x] ?? 0);
      const finite = inside.filter(Number.isFinite);
      const mean = finite.reduce((sum, value) => sum + value, 0) / finite.length;
      expect(values[row * 501 + column]).toEqual(Math.fround(mean));
    }
  });
});

test("the stretch goes from 0 to 1 between the percentiles, and favours what is faint", () => {
  const stretch = asinhStretch(Float64Array.from({ length: 1001 }, (_, i) => i));
  expect([stretch.low, stretch.high]).toEqual([5, 995]);
  expect(stretch(5)).toBe(0);
  expect(stretch(-1e9)).toBe(0);
  expect(stretch(1e9)).toBe(1);
  expect(stretch(100)).toBeGreaterThan(0.25);
  expect(asinhStretch([7, 7, Number.NaN])(7)).toBe(0);
  expect(asinhStretch([])(1)).toBe(1);
});

test("colours", () => {
  const inferno = colourTable("inferno");
  expect([...inferno.subarray(0, 3), ...inferno.subarray(765)]).toEqual([0, 0, 4, 252, 255, 164]);
  expect(colourOf("#0072b2")).toEqual([0, 0x72, 0xb2]);
});

describe("a picture", () => {
  /** 4 x 8 pixels; the lower left one is bright, the upper right one is not known. */
  const values = new Float32Array(32).fill(1);
  values[0] = 9;
  values[31] = Number.NaN;
  const layout = layOutPicture([4, 8]);
  const picture: MapPicture = {
    preview: { mapShape: [4, 8], layout, values },
    title: "map",
    colours: "grey",
    quantity: "intensity",
    overlays: [],
  };
  const left = 92;
  const top = 74;

  async function pixelsOf(drawn: MapPicture) {
    const image = await loadImage(Buffer.from(await drawMap(drawn)));
    const context = createCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    /** In the middle of a pixel of the map. */
    return (row: number, column: number) => {
      const x = left + (column + 0.5) * layout.zoom;
      const y = top + (3 - row + 0.5) * layout.zoom;
      return [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data.subarray(0, 3)];
    };
  }

  test("the first row is at the bottom; dark is bright in grey; what is not known has its own colour", async () => {
    const at = await pixelsOf(picture);
    expect(at(0, 0)).toEqual([40, 40, 40]);
    expect(at(3, 0)).toEqual([255, 255, 255]);
    expect(at(3, 7)).toEqual([0xc9, 0xd3, 0xdc]);
  });

  test("between limits that are given, colours are linear and cut off", async () => {
    values[1] = 0.25;
    const at = await pixelsOf({ ...picture, range: [0, 1] });
    // A table of grey from white to (40, 40, 40), in 256 steps.
    const table = colourTable("grey");
    const shade = (value: number) => [...table.subarray(3 * value, 3 * value + 3)];
    expect(at(0, 0)).toEqual(shade(255));
    expect(at(0, 1)).toEqual(shade(64));
    values[1] = 1;
  });

  test("the legend says what a pixel without a value is", async () => {
    const usual = await drawMap(picture);
    expect(await drawMap({ ...picture, missingLabel: "no data" })).toEqual(usual);
    expect(await drawMap({ ...picture, missingLabel: "tested by no model" })).not.toEqual(usual);
    const full = { ...picture.preview, values: values.map((value) => value || 1) };
    expect(await drawMap({ ...picture, preview: full, missingLabel: "tested by no model" })).toEqual(
      await drawMap({ ...picture, preview: full }),
    );
  });

  test("areas are tinted", async () => {
    const cells = new Uint8Array(32);
    cells[9] = 2;
    const classes = [
      { label: "one", colour: "#000000" },
      { label: "two", colour: "#ff0000" },
    ];
    const at = await pixelsOf({ ...picture, overlays: [{ kind: "areas", cells, classes, opacity: 0.5 }] });
    expect(at(1, 1)).toEqual([255, 128, 128]);
    expect(at(1, 2)).toEqual([255, 255, 255]);
  });

  test("an outline runs between cells", async () => {
    const cells = new Uint8Array(32);
    cells[9] = 1;
    const outline = { kind: "outline", cells, label: "it", colour: "#ff0000", width: 4 } as const;
    const image = await loadImage(Buffer.from(await drawMap({ ...picture, overlays: [outline] })));
    const context = createCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    const colourAt = (x: number, y: number) => [
      ...context.getImageData(Math.round(left + x * layout.zoom), Math.round(top + (4 - y) * layout.zoom), 1, 1).data,
    ];
    for (const [x, y] of [
      [1, 1.5],
      [2, 1.5],
      [1.5, 1],
      [1.5, 2],
    ] as const)
      expect(colourAt(x, y)).toEqual([255, 0, 0, 255]);
    expect(colourAt(1.5, 1.5)).toEqual([255, 255, 255, 255]);
    expect(colourAt(3, 1.5)).toEqual([255, 255, 255, 255]);
  });
});
