/** The page of one filament in the atlas. */
import { basename } from "node:path";
import { numberText } from "@ml-mosaic/command-line";
import { createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import type { Plane } from "../maps/plane.ts";
import { mapCanvas } from "../pictures/draw-map.ts";
import { FONT_FAMILY, registerFonts } from "../pictures/fonts.ts";
import { startPreview } from "../pictures/preview.ts";
import { quantityText } from "../pictures/quantity.ts";
import { contrastOf, significanceOf } from "./columns.ts";
import type { Cuts } from "./cuts.ts";
import { blue, drawPanel, grey, ink, orange } from "./draw-panel.ts";
import type { Filament } from "./filament.ts";
import { filamentName } from "./filament-name.ts";
import { levelled, type Measured, middleProfile } from "./profile.ts";
import type { Point } from "./skeleton-graph.ts";
import { spineCells } from "./spine-cells.ts";

export interface FilamentPage {
  readonly filament: Filament;
  /** What is shown: the image, or the probabilities. */
  readonly cutout: Plane;
  readonly unit: string;
  /** Of the spine, in pixels of the cut-out. */
  readonly spine: readonly Point[];
  /** 1 on the mask: [rows, columns] of the cut-out. */
  readonly mask: Uint8Array;
  readonly cuts: Cuts | undefined;
}

const mapSide = 720;
const column = { width: 430, gap: 24 } as const;

/** @returns PNG */
export async function drawFilament(page: FilamentPage): Promise<Uint8Array> {
  registerFonts();
  const { filament, cutout, unit, cuts } = page;
  const map = await drawCutout(page);
  const scale = Math.min(1, mapSide / Math.max(map.width, map.height));
  const [mapWidth, mapHeight] = [map.width * scale, map.height * scale];
  const figures = figuresOf(filament);
  const left = mapWidth + column.gap;
  const panelTop = 60 + 23 * figures.length;
  const height = Math.max(mapHeight, panelTop + (cuts === undefined ? 0 : 330));
  const canvas = createCanvas(Math.ceil(left + column.width), Math.ceil(height));
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(map, 0, 0, mapWidth, mapHeight);
  for (const [row, [name, value]] of figures.entries()) {
    context.font = `15px '${FONT_FAMILY}'`;
    context.fillStyle = grey;
    context.fillText(name, left, 40 + 23 * row, 160);
    context.fillStyle = ink;
    context.fillText(value, left + 165, 40 + 23 * row, column.width - 175);
  }
  if (cuts !== undefined) drawProfile(context, { left: left + 70, top: panelTop, width: 340, height: 240 }, page, cuts);
  context.font = `13px '${FONT_FAMILY}'`;
  context.fillStyle = grey;
  context.fillText(`${basename(cutout.path)}, ${unit}`, left, canvas.height - 10, column.width - 10);
  return canvas.encode("png");
}

async function drawCutout({ filament, cutout, spine, mask, unit }: FilamentPage) {
  const [height, width] = cutout.shape;
  const preview = startPreview(cutout.shape);
  preview.add(0, await cutout.section(0, height, 0, width));
  const { layout } = preview;
  const inside = new Uint8Array(layout.rows * layout.columns);
  for (const [i, value] of mask.entries())
    if (value === 1)
      inside[
        Math.floor(Math.floor(i / width) / layout.factor) * layout.columns + Math.floor((i % width) / layout.factor)
      ] = 1;
  return mapCanvas({
    preview: preview.finish(),
    header: cutout.header,
    title: filamentName(filament),
    subtitle: `filament ${filament.id}, network ${filament.network}`,
    colours: "inferno",
    quantity: unit === "" ? "value" : quantityText(unit),
    overlays: [
      { kind: "outline", cells: inside, label: "mask", colour: "#56b4e9", width: 1.5 },
      {
        kind: "areas",
        cells: spineCells(layout, [spine]),
        classes: [{ label: "spine", colour: "#40e0a0" }],
        opacity: 0.6,
      },
    ],
  });
}

function drawProfile(
  context: SKRSContext2D,
  box: { left: number; top: number; width: number; height: number },
  { filament: { profile }, unit }: FilamentPage,
  cuts: Cuts,
): void {
  const middle = middleProfile(levelled(cuts));
  const finite = middle.filter((value) => !Number.isNaN(value));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  if (finite.length === 0 || !(high > low)) return;
  const margin = 0.08 * (high - low);
  const reach = cuts.offsets.at(-1) ?? 1;
  const place = drawPanel(context, box, {
    x: { range: [-reach, reach], title: "pixels from the crest" },
    y: { range: [low - margin, high + margin], title: unit === "" ? "middle of cuts" : quantityText(unit) },
  });
  context.fillStyle = blue;
  for (const [i, offset] of cuts.offsets.entries()) {
    const value = middle[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    context.beginPath();
    context.arc(place.x(offset), place.y(value), 2.5, 0, 2 * Math.PI);
    context.fill();
  }
  if (profile === undefined) return;
  const sigma = profile.width.value / 2.354820045;
  context.strokeStyle = orange;
  context.lineWidth = 1.5;
  context.beginPath();
  for (let offset = -reach; offset <= reach; offset += reach / 120) {
    const apart = offset - profile.centre;
    const value =
      profile.background +
      profile.slope * apart +
      profile.amplitude.value * Math.exp((-apart * apart) / (2 * sigma * sigma));
    context.lineTo(place.x(offset), place.y(value));
  }
  context.stroke();
  context.font = `13px '${FONT_FAMILY}'`;
  context.fillStyle = orange;
  context.fillText("Gaussian", box.left + 8, box.top + 18);
}

function figuresOf(filament: Filament): readonly (readonly [string, string])[] {
  const { sky, length, profile, probability, pixelDegrees, massPerLength, distance, notes } = filament;
  const degrees = (value: number | undefined) => (value === undefined ? "" : `${value.toFixed(4)}°`);
  const arcseconds = (measured: Measured | undefined) =>
    measured === undefined || pixelDegrees === undefined ? "" : `${measuredText(measured, 3600 * pixelDegrees)}″`;
  const rows: readonly (readonly [string, string])[] = [
    [
      "l, b",
      sky?.galactic === undefined
        ? ""
        : `${degrees(sky.galactic.centre.longitude)}, ${degrees(sky.galactic.centre.latitude)}`,
    ],
    [
      "RA, Dec (ICRS)",
      sky?.icrs === undefined ? "" : `${degrees(sky.icrs.centre.longitude)}, ${degrees(sky.icrs.centre.latitude)}`,
    ],
    [
      "length",
      sky === undefined
        ? `${numberText(length)} pixels`
        : `${numberText(60 * sky.length)}′, ${numberText(length)} pixels`,
    ],
    ["position angle", sky?.galactic === undefined ? "" : `${numberText(sky.galactic.positionAngle)}° (Galactic)`],
    ["probability", numberText(probability)],
    ["width", arcseconds(profile?.width)],
    ["without the beam", arcseconds(profile?.deconvolved)],
    ["contrast", numberText(contrastOf(filament))],
    ["significance", numberText(significanceOf(filament))],
    ["distance", distance === undefined ? "" : `${numberText(distance)} pc`],
    ["mass per length", massPerLength === undefined ? "" : `${measuredText(massPerLength, 1)} M☉/pc`],
    ["notes", notes.join("; ")],
  ];
  return rows.filter(([, value]) => value !== "");
}

function measuredText({ value, error }: Measured, scale: number): string {
  return error === undefined
    ? numberText(value * scale)
    : `${numberText(value * scale)} ± ${Number((error * scale).toPrecision(2))}`;
}
