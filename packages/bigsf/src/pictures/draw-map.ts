import type { Header } from "@ml-mosaic/fits";
import { type Canvas, createCanvas, type SKRSContext2D } from "@napi-rs/canvas";
import { drawColourBar } from "./colour-bar.ts";
import { type ColourMapName, colourOf, colourTable } from "./colour-map.ts";
import { FONT_FAMILY, registerFonts } from "./fonts.ts";
import { drawLegend, type LegendEntry, legendHeight } from "./legend.ts";
import { mapAxes } from "./map-axes.ts";
import type { Preview } from "./preview.ts";
import { asinhStretch, linearStretch, type Stretch } from "./stretch.ts";

/** Something that is laid over a map. Cells are those of the preview: [rows, columns], the first row at the bottom. */
export type Overlay =
  | {
      readonly kind: "areas";
      /** Number of each cell's class, from 1; 0 for none. */
      readonly cells: Uint8Array;
      readonly classes: readonly { readonly label: string; readonly colour: string }[];
      /** 0 transparent to 1 opaque. */
      readonly opacity: number;
    }
  | {
      readonly kind: "outline";
      /** The line runs between cells that are 0 and cells that are not. */
      readonly cells: Uint8Array;
      readonly label: string;
      readonly colour: string;
      /** In dots. */
      readonly width: number;
    };

export interface MapPicture {
  readonly preview: Preview;
  /** Of the map, for celestial coordinates along its sides. */
  readonly header?: Header | undefined;
  readonly title: string;
  readonly subtitle?: string | undefined;
  /** A sentence under the picture: what must be known to read it. */
  readonly note?: string | undefined;
  readonly colours: ColourMapName;
  /** What the colours mean, with its unit. */
  readonly quantity: string;
  /** Colours are linear from the first of these values to the other; without it, asinh between percentiles. */
  readonly range?: readonly [low: number, high: number];
  /** What the legend says of pixels without a value; "no data" by default. */
  readonly missingLabel?: string;
  readonly overlays: readonly Overlay[];
}

const NO_DATA = "#c9d3dc";
const INK = "#1a1a1a";
const NOTE_HEIGHT = 30;
const MARGIN = { left: 92, right: 118, top: 74, bottom: 66, between: 64 } as const;

/** A map as astronomers draw it, as PNG: the first row at the bottom, colour bar, coordinates, legend. */
export async function drawMap(picture: MapPicture): Promise<Uint8Array> {
  return mapCanvas(picture).encode("png");
}

/** The same, to be a part of another picture. */
export function mapCanvas(picture: MapPicture): Canvas {
  const {
    preview,
    header,
    title,
    subtitle,
    note,
    colours,
    quantity,
    range,
    missingLabel = "no data",
    overlays,
  } = picture;
  registerFonts();
  const { layout, mapShape, values } = preview;
  const { panels, panelColumns, rows, zoom, factor, columns } = layout;
  const stretch = range === undefined ? asinhStretch(values) : linearStretch(...range);
  const table = colourTable(colours);
  const legend = legendOf(overlays, values.some(Number.isNaN) ? missingLabel : undefined);
  const plotWidth = panelColumns * zoom;
  const plotHeight = rows * zoom;
  const width = Math.max(MARGIN.left + plotWidth + MARGIN.right, 520);
  const plots = panels * plotHeight + (panels - 1) * MARGIN.between;
  const legendSpace = legendHeight(legend, width - 2 * MARGIN.left);
  const height = MARGIN.top + plots + MARGIN.bottom + legendSpace + (note === undefined ? 0 : NOTE_HEIGHT);
  const canvas = createCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.fillStyle = INK;
  context.textBaseline = "alphabetic";
  context.font = `600 20px '${FONT_FAMILY}'`;
  context.fillText(title, MARGIN.left, 32);
  context.font = `15px '${FONT_FAMILY}'`;
  context.fillStyle = "#4d4d4d";
  if (subtitle !== undefined) context.fillText(subtitle, MARGIN.left, 55);

  const places = Array.from({ length: panels }, (_, panel) => {
    const firstColumn = panel * panelColumns;
    const count = Math.min(panelColumns, columns - firstColumn);
    const top = MARGIN.top + panel * (plotHeight + MARGIN.between);
    return { firstColumn, count, box: { left: MARGIN.left, top, width: count * zoom, height: plotHeight } };
  });
  const axesWith = (used: Header | undefined) =>
    places.map(({ firstColumn, count, box }) =>
      mapAxes({
        header: used,
        mapShape,
        columns: [firstColumn * factor, Math.min(mapShape[1], (firstColumn + count) * factor)],
        most: [box.width / 90, Math.max(2, box.height / 60)],
      }),
    );
  // One picture has one kind of coordinates, also where only some of its panels show no sky.
  const onSky = axesWith(header);
  const allAxes = onSky.every(({ isSky }) => isSky) ? onSky : axesWith(undefined);
  for (const [panel, { firstColumn, count, box }] of places.entries()) {
    const cells = { firstColumn, count, rows, columns, zoom };
    drawCells(context, box, cells, values, stretch, table, overlays);
    for (const overlay of overlays) if (overlay.kind === "outline") drawOutline(context, box, cells, overlay);
    const axes = allAxes[panel];
    if (axes === undefined) continue;
    if (panel === 0) drawSideTitle(context, axes.y.title, MARGIN.top + plots / 2);
    drawAxes(context, box, axes, zoom / factor, firstColumn * factor, panel === panels - 1);
  }
  const barTop = MARGIN.top;
  drawColourBar(
    context,
    { left: MARGIN.left + plotWidth + 18, top: barTop, width: 18, height: Math.min(plots, 700) },
    {
      stretch,
      table,
      quantity,
    },
  );
  drawLegend(context, legend, MARGIN.left, MARGIN.top + plots + MARGIN.bottom, width - 2 * MARGIN.left);
  if (note !== undefined) {
    context.font = `14px '${FONT_FAMILY}'`;
    context.fillStyle = "#4d4d4d";
    context.textAlign = "left";
    context.fillText(note, 12, height - 12, width - 24);
  }
  return canvas;
}

/** In dots. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface PanelCells {
  readonly firstColumn: number;
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly zoom: number;
}

function drawCells(
  context: SKRSContext2D,
  box: Box,
  { firstColumn, count, rows, columns, zoom }: PanelCells,
  values: Float32Array,
  stretch: Stretch,
  table: Uint8Array,
  overlays: readonly Overlay[],
): void {
  const image = context.createImageData(count, rows);
  const missing = colourOf(NO_DATA);
  const areas = overlays.flatMap((overlay) =>
    overlay.kind === "areas" ? [{ ...overlay, colours: overlay.classes.map(({ colour }) => colourOf(colour)) }] : [],
  );
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < count; column++) {
      const cell = row * columns + firstColumn + column;
      const value = values[cell] ?? Number.NaN;
      const shade = 3 * Math.round(255 * stretch(value));
      const to = 4 * ((rows - 1 - row) * count + column);
      for (let channel = 0; channel < 3; channel++) {
        let level = Number.isNaN(value) ? (missing[channel] ?? 0) : (table[shade + channel] ?? 0);
        for (const { cells, colours, opacity } of areas) {
          const colour = colours[(cells[cell] ?? 0) - 1];
          if (colour !== undefined) level += opacity * ((colour[channel] ?? 0) - level);
        }
        image.data[to + channel] = level;
      }
      image.data[to + 3] = 255;
    }
  }
  const small = createCanvas(count, rows);
  small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, box.left, box.top, count * zoom, rows * zoom);
}

function drawOutline(
  context: SKRSContext2D,
  box: Box,
  { firstColumn, count, rows, columns, zoom }: PanelCells,
  { cells, colour, width }: Overlay & { kind: "outline" },
): void {
  const inside = (row: number, column: number) => (cells[row * columns + firstColumn + column] ?? 0) !== 0;
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  context.strokeStyle = colour;
  // On small cells a thick line would hide what it surrounds.
  context.lineWidth = Math.min(width, 0.75 * zoom);
  context.lineCap = "square";
  context.beginPath();
  for (let row = 0; row < rows; row++) {
    const y = box.top + (rows - row) * zoom;
    for (let column = 0; column < count; column++) {
      const x = box.left + column * zoom;
      if (column > 0 && inside(row, column) !== inside(row, column - 1)) {
        context.moveTo(x, y);
        context.lineTo(x, y - zoom);
      }
      if (row > 0 && inside(row, column) !== inside(row - 1, column)) {
        context.moveTo(x, y);
        context.lineTo(x + zoom, y);
      }
    }
  }
  context.stroke();
  context.restore();
}

function drawAxes(
  context: SKRSContext2D,
  box: Box,
  { x, y }: ReturnType<typeof mapAxes>,
  dotsPerPixel: number,
  firstPixel: number,
  isLast: boolean,
): void {
  const bottom = box.top + box.height;
  context.strokeStyle = INK;
  context.fillStyle = INK;
  context.lineWidth = 1;
  context.strokeRect(box.left - 0.5, box.top - 0.5, box.width + 1, box.height + 1);
  context.font = `15px '${FONT_FAMILY}'`;
  context.beginPath();
  context.textAlign = "center";
  for (const { at, label } of x.ticks) {
    const dot = Math.round(box.left + (at - firstPixel + 0.5) * dotsPerPixel) + 0.5;
    context.moveTo(dot, bottom);
    context.lineTo(dot, bottom + 6);
    context.fillText(label, dot, bottom + 22);
  }
  context.textAlign = "right";
  for (const { at, label } of y.ticks) {
    const dot = Math.round(bottom - (at + 0.5) * dotsPerPixel) + 0.5;
    context.moveTo(box.left, dot);
    context.lineTo(box.left - 6, dot);
    context.fillText(label, box.left - 10, dot + 5);
  }
  context.stroke();
  context.textAlign = "center";
  context.font = `16px '${FONT_FAMILY}'`;
  if (isLast) context.fillText(x.title, box.left + box.width / 2, bottom + 46);
  context.textAlign = "left";
}

/** Once for all panels. */
function drawSideTitle(context: SKRSContext2D, title: string, middle: number): void {
  context.save();
  context.font = `16px '${FONT_FAMILY}'`;
  context.fillStyle = INK;
  context.textAlign = "center";
  context.translate(24, middle);
  context.rotate(-Math.PI / 2);
  context.fillText(title, 0, 0);
  context.restore();
}

function legendOf(overlays: readonly Overlay[], missingLabel: string | undefined): readonly LegendEntry[] {
  const entries = overlays.flatMap((overlay): readonly LegendEntry[] =>
    overlay.kind === "outline"
      ? [{ label: overlay.label, colour: overlay.colour, line: overlay.width }]
      : overlay.classes.map(({ label, colour }) => ({ label, colour, opacity: overlay.opacity })),
  );
  return missingLabel === undefined ? entries : [...entries, { label: missingLabel, colour: NO_DATA }];
}
