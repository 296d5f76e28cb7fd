/** Filaments of known shapes, drawn into maps: what a catalogue is compared with. */
import { createFits, type Header, makeHeader } from "@ml-mosaic/fits";

export interface Shape {
  /** A point every tenth of a pixel or so. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Deviation of the Gaussian across it, in pixels. */
  readonly sigma: number;
  /** Over the background. */
  readonly height: number;
}

export function straight(x0: number, y0: number, x1: number, y1: number, sigma = 2, height = 1): Shape {
  const count = Math.ceil(10 * Math.hypot(x1 - x0, y1 - y0));
  const points = Array.from({ length: count + 1 }, (_, i) => ({
    x: x0 + ((x1 - x0) * i) / count,
    y: y0 + ((y1 - y0) * i) / count,
  }));
  return { points, sigma, height };
}

/** Angles in degrees. */
export function arc(x: number, y: number, radius: number, from: number, to: number, sigma = 2, height = 1): Shape {
  const count = Math.ceil((10 * radius * Math.abs(to - from) * Math.PI) / 180);
  const points = Array.from({ length: count + 1 }, (_, i) => {
    const angle = ((from + ((to - from) * i) / count) * Math.PI) / 180;
    return { x: x + radius * Math.cos(angle), y: y + radius * Math.sin(angle) };
  });
  return { points, sigma, height };
}

/** Along one filament the highest counts; of several the sum, or the highest. */
export function draw(height: number, width: number, shapes: readonly Shape[], together: "sum" | "most"): Float32Array {
  const map = new Float32Array(height * width);
  for (const { points, sigma, height: peak } of shapes) {
    const own = new Map<number, number>();
    const reach = Math.ceil(5 * sigma);
    for (const { x, y } of points)
      for (let v = Math.max(0, Math.floor(y) - reach); v <= Math.min(height - 1, y + reach); v++)
        for (let u = Math.max(0, Math.floor(x) - reach); u <= Math.min(width - 1, x + reach); u++) {
          const value = peak * Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma * sigma));
          if (value > (own.get(v * width + u) ?? 0)) own.set(v * width + u, value);
        }
    for (const [pixel, value] of own)
      map[pixel] = together === "sum" ? (map[pixel] ?? 0) + value : Math.max(map[pixel] ?? 0, value);
  }
  return map;
}

export const skyHeader: Header = makeHeader({
  BUNIT: "cm-2",
  CTYPE1: "GLON-TAN",
  CTYPE2: "GLAT-TAN",
  CRVAL1: 49.4,
  CRVAL2: -12.3,
  CRPIX1: 100.5,
  CRPIX2: 80.5,
  CD1_1: -0.003,
  CD1_2: 0.0004,
  CD2_1: 0.0004,
  CD2_2: 0.003,
});

export async function writeMap(
  path: string,
  shape: readonly [number, number],
  data: Float32Array | Uint8Array,
  header = skyHeader,
): Promise<void> {
  await using writer = await createFits(path, { overwrite: true });
  await writer.image({ shape, data, header });
  await writer.close();
}
