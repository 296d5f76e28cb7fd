/** A map's cells in colours: values on a ramp, areas by class over them, an outline around what is inside. */
import type { MapPlane } from "../../wire/maps.ts";
import { colorWord } from "./parallel.ts";
import type { Surface } from "./picture.ts";
import { rampColor } from "./theme.ts";

/** Where asinh turns from linear to logarithmic, as a share of the range. */
const softening = 0.1;
const areaOpacity = 0.5;
const shades = 256;

export interface MapLayout {
  /** CSS pixels along each side of a cell. */
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

/** Long maps are as high as they have to be to be seen, and wider than the page. */
export function mapLayout({ rows, columns }: MapPlane, room: number, most: number): MapLayout {
  const zoom = Math.max(Math.min(room / columns, most / rows), Math.min(160, most) / rows);
  return { zoom, width: Math.ceil(columns * zoom), height: Math.ceil(rows * zoom) };
}

/** The cell under a place; undefined beside the map. */
export function cellAt({ rows, columns }: MapPlane, { zoom }: MapLayout, x: number, y: number) {
  const [column, row] = [Math.floor(x / zoom), rows - 1 - Math.floor(y / zoom)];
  return column >= 0 && column < columns && row >= 0 && row < rows ? { row, column } : undefined;
}

/** The cells as an image, the last row on top: made once for all sizes. */
export function mapImage(plane: MapPlane, theme: Surface["theme"]): OffscreenCanvas {
  const { rows, columns, values, areas, classes, range, stretch } = plane;
  const canvas = new OffscreenCanvas(columns, rows);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("the browser draws no pictures");
  const image = context.createImageData(columns, rows);
  const words = new Uint32Array(image.data.buffer);
  const isGrey = classes.length > 0;
  const ramp = Uint32Array.from({ length: shades }, (_, shade) => {
    const at = shade / (shades - 1);
    const grey = Math.round(theme.isDark ? 30 + 190 * at : 255 - 215 * at);
    const [red, green, blue] = isGrey ? [grey, grey, grey] : rampColor(at, theme);
    return red | (green << 8) | (blue << 16);
  });
  const [none, colours] = [colorWord(theme.grid), classes.map(({ colour }) => colorWord(colour))];
  const [low, high] = range;
  const top = Math.asinh(1 / softening);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      const cell = row * columns + column;
      const value = values[cell] ?? Number.NaN;
      const share = Math.min(1, Math.max(0, (value - low) / (high - low)));
      const at = stretch === "asinh" ? Math.asinh(share / softening) / top : share;
      const shade = Number.isNaN(at) ? none : (ramp[Math.round(at * (shades - 1))] ?? none);
      const colour = colours[(areas[cell] ?? 0) - 1];
      words[(rows - 1 - row) * columns + column] = (colour === undefined ? shade : mixed(shade, colour)) | 0xff000000;
    }
  context.putImageData(image, 0, 0);
  return canvas;
}

function mixed(one: number, other: number): number {
  let word = 0;
  for (const shift of [0, 8, 16]) {
    const [from, to] = [(one >> shift) & 255, (other >> shift) & 255];
    word |= Math.round(from + areaOpacity * (to - from)) << shift;
  }
  return word;
}

export function drawMap(surface: Surface, plane: MapPlane, image: OffscreenCanvas, layout: MapLayout): void {
  const { context, theme } = surface;
  context.imageSmoothingEnabled = layout.zoom < 1;
  context.drawImage(image, 0, 0, layout.width, layout.height);
  if (plane.outline.length === 0) return;
  // On any colour of the ramp one of the two is seen.
  for (const [color, width] of [
    [theme.isDark ? "#000000" : "#ffffff", 2.6],
    ["#e6007e", 1.3],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    outlinePath(context, plane, layout.zoom);
    context.stroke();
  }
  context.lineWidth = 1;
}

/** Between each cell inside and each outside. */
function outlinePath(context: Surface["context"], { rows, columns, outline }: MapPlane, zoom: number): void {
  const isInside = (row: number, column: number) =>
    row >= 0 && column >= 0 && row < rows && column < columns && outline[row * columns + column] !== 0;
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      if (!isInside(row, column)) continue;
      const [left, top] = [column * zoom, (rows - 1 - row) * zoom];
      const [right, bottom] = [left + zoom, top + zoom];
      if (!isInside(row + 1, column)) line(context, left, top, right, top);
      if (!isInside(row - 1, column)) line(context, left, bottom, right, bottom);
      if (!isInside(row, column - 1)) line(context, left, top, left, bottom);
      if (!isInside(row, column + 1)) line(context, right, top, right, bottom);
    }
}

function line(context: Surface["context"], x0: number, y0: number, x1: number, y1: number): void {
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
}
