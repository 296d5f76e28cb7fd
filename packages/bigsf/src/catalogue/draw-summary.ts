/** The page of a whole catalogue: its spines on the map, and how long, wide and steep they are. */
import { countText } from "@ml-mosaic/base";
import { createCanvas } from "@napi-rs/canvas";
import type { Plane } from "../maps/plane.ts";
import { mapCanvas } from "../pictures/draw-map.ts";
import { registerFonts } from "../pictures/fonts.ts";
import { startPreview } from "../pictures/preview.ts";
import { quantityText } from "../pictures/quantity.ts";
import { drawHistogram } from "./draw-panel.ts";
import type { Filament } from "./filament.ts";
import type { Point } from "./skeleton-graph.ts";
import { spineCells } from "./spine-cells.ts";

export interface SummaryOptions {
  /** What is shown: the image, or the probabilities. */
  readonly map: Plane;
  readonly unit: string;
  readonly title: string;
  readonly filaments: readonly Filament[];
  readonly spines: Iterable<readonly Point[]>;
}

const bandPixels = 2 ** 20;
const panel = { top: 24, height: 220, left: 84, between: 100, bottom: 60 } as const;

/** Memory is that of the picture and a band of rows. @returns PNG */
export async function drawSummary({ map, unit, title, filaments, spines }: SummaryOptions): Promise<Uint8Array> {
  registerFonts();
  const [height, width] = map.shape;
  const preview = startPreview(map.shape);
  const band = Math.max(1, Math.floor(bandPixels / width));
  for (let y = 0; y < height; y += band) preview.add(y, await map.section(y, Math.min(height, y + band), 0, width));
  const networks = new Set(filaments.map(({ network }) => network)).size;
  const drawn = mapCanvas({
    preview: preview.finish(),
    header: map.header,
    title,
    subtitle: `${countText(filaments.length, "filament")} in ${countText(networks, "network")}`,
    colours: "inferno",
    quantity: unit === "" ? "value" : quantityText(unit),
    overlays: [
      {
        kind: "areas",
        cells: spineCells(preview.layout, spines),
        classes: [{ label: "spines", colour: "#00f0d0" }],
        opacity: 1,
      },
    ],
  });
  const canvasWidth = Math.max(drawn.width, 1000);
  const canvas = createCanvas(canvasWidth, drawn.height + panel.top + panel.height + panel.bottom);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(drawn, 0, 0);
  const each = (canvasWidth - panel.left - 2 * panel.between - 40) / 3;
  const onSky = filaments.every(({ sky }) => sky !== undefined);
  const histograms = [
    {
      title: onSky ? "length [arcmin]" : "length [pixel]",
      values: filaments.map(({ sky, length }) => (onSky && sky !== undefined ? sky.length * 60 : length)),
    },
    {
      title: onSky ? "width [arcsec]" : "width [pixel]",
      values: filaments.flatMap(({ profile, pixelDegrees }) =>
        profile === undefined ? [] : [profile.width.value * (onSky ? 3600 * (pixelDegrees ?? 0) : 1)],
      ),
    },
    {
      title: onSky ? "position angle [deg]" : "angle in the map [deg]",
      values: filaments.map(({ sky, pixelAngle }) => (onSky ? (sky?.own.positionAngle ?? 0) : pixelAngle)),
      range: [0, 180] as const,
    },
  ];
  for (const [index, { title: name, values, range }] of histograms.entries()) {
    if (values.length === 0) continue;
    const left = panel.left + index * (each + panel.between);
    drawHistogram(
      context,
      { left, top: drawn.height + panel.top, width: each, height: panel.height },
      values,
      name,
      range,
    );
  }
  return canvas.encode("png");
}
