import { blurRows } from "./blur-rows.ts";
import { drawFilaments, type FilamentProfile } from "./filaments.ts";
import { normalAt, sequenceAt, uniformAt } from "./lattice-random.ts";
import { turbulence } from "./turbulence.ts";

/** Some rows of a synthetic map: [rows, width] each. */
export interface SampleRows {
  /** Column density in cm^-2; NaN where it is missing. */
  readonly image: Float32Array;
  /** 1 within the half width at half maximum of the spine of a filament or of one of its branches. */
  readonly target: Uint8Array;
  /** 1 where the image is valid. */
  readonly missing: Uint8Array;
  /** 1 where there is certainly no filament: far from all of them, in the part of the map that was looked through. */
  readonly background: Uint8Array;
}

export interface SampleOptions {
  readonly height: number;
  readonly width: number;
  readonly seed: number;
  /** Gaussian by default. */
  readonly profile?: FilamentProfile | undefined;
  /** Full width at half maximum in pixels of the beam that blurs the map before its noise; none by default. */
  readonly beam?: number | undefined;
}

/** Random streams, each with room for the scales of a field. */
const STREAMS = { background: 0, regions: 100, edges: 200, noise: 300, sources: 400, holes: 500 } as const;

/** Typical column density of the diffuse medium, in cm^-2. */
const DENSITY = 8e21;
/** Deviation of ln(column density): the background varies by a factor of 20 over a map. */
const TURBULENCE = 0.7;
/** Noise of a pixel: in parts of DENSITY, and of its own value. */
const NOISE = { floor: 0.02, relative: 0.03 } as const;

/**
 * A synthetic map of the Galactic plane: turbulence with a power spectrum k^-3, log-normal, brighter towards the plane;
 * filaments on it that stand out against what is around them, not by their brightness; compact sources; noise; ragged
 * edges and holes without data. Rows can be asked for in any order and number: they depend on seed and size alone.
 */
export function sampleMap({
  height,
  width,
  seed,
  profile,
  beam,
}: SampleOptions): (y0: number, y1: number) => SampleRows {
  const background = turbulence({ seed, stream: STREAMS.background, width, largest: 256, smallest: 1, slope: 3 });
  const regions = turbulence({ seed, stream: STREAMS.regions, width, largest: 128, smallest: 32, slope: 3 });
  const isMissing = missingPixels({ height, width, seed });
  /** Without noise, as no telescope sees it. */
  const sharp = (y0: number, y1: number) => {
    const { contrast, nearness } = drawFilaments({ seed, width, y0, y1, profile });
    const sources = drawSources({ seed, width, y0, y1 });
    const values = new Float64Array((y1 - y0) * width);
    for (let y = y0; y < y1; y++) {
      const field = background(y);
      const latitude = (y - height / 2) / (0.4 * height);
      const plane = DENSITY * (0.4 + 0.6 * Math.exp(-0.5 * latitude * latitude));
      for (let x = 0; x < width; x++) {
        const i = (y - y0) * width + x;
        const diffuse = plane * Math.exp(TURBULENCE * (field[x] ?? 0));
        values[i] = diffuse * (1 + (contrast[i] ?? 0) + (sources[i] ?? 0));
      }
    }
    return { values, nearness };
  };
  const blurred = beam === undefined ? undefined : blurRows((y0, y1) => sharp(y0, y1).values, { width, beam });
  const seen = (y0: number, y1: number) => {
    const rows = sharp(y0, y1);
    return { ...rows, values: blurred?.(y0, y1) ?? rows.values };
  };
  return (y0, y1) => {
    const pixels = (y1 - y0) * width;
    const { values, nearness } = seen(y0, y1);
    const rows: SampleRows = {
      image: new Float32Array(pixels),
      target: new Uint8Array(pixels),
      missing: new Uint8Array(pixels),
      background: new Uint8Array(pixels),
    };
    for (let y = y0; y < y1; y++) {
      const looked = regions(y);
      for (let x = 0; x < width; x++) {
        const i = (y - y0) * width + x;
        const value = values[i] ?? 0;
        const noise = NOISE.floor * DENSITY + NOISE.relative * value;
        const lost = isMissing(y, x);
        const near = nearness[i] ?? 0;
        rows.image[i] = lost ? Number.NaN : Math.max(1e18, value + noise * normalAt(seed, STREAMS.noise, y, x));
        rows.missing[i] = lost ? 0 : 1;
        rows.target[i] = near >= 0.5 ? 1 : 0;
        rows.background[i] = near < 0.04 && (looked[x] ?? 0) > 0.2 ? 1 : 0;
      }
    }
    return rows;
  };
}

/** Cells that hold one compact source, or one hole, now and then. */
const SOURCE_CELL = 40;
const HOLE_CELL = 160;

function drawSources({ seed, width, y0, y1 }: { seed: number; width: number; y0: number; y1: number }): Float32Array {
  const heights = new Float32Array((y1 - y0) * width);
  for (let row = Math.floor(y0 / SOURCE_CELL) - 1; row <= Math.floor(y1 / SOURCE_CELL) + 1; row++) {
    for (let column = -1; column <= Math.floor(width / SOURCE_CELL) + 1; column++) {
      const random = sequenceAt(seed, STREAMS.sources, row, column);
      if (random() > 0.5) continue;
      const [x, y] = [(column + random()) * SOURCE_CELL, (row + random()) * SOURCE_CELL];
      const [sigma, peak] = [1.2 + 1.2 * random(), 0.4 + 1.6 * random()];
      const radius = 4 * sigma;
      for (let v = Math.max(y0, Math.ceil(y - radius)); v <= Math.min(y1 - 1, y + radius); v++) {
        for (let u = Math.max(0, Math.ceil(x - radius)); u <= Math.min(width - 1, x + radius); u++) {
          const i = (v - y0) * width + u;
          heights[i] = (heights[i] ?? 0) + peak * Math.exp(-((u - x) ** 2 + (v - y) ** 2) / (2 * sigma * sigma));
        }
      }
    }
  }
  return heights;
}

/** The left and right edges of a survey are ragged; here and there a disc is saturated. */
function missingPixels({ height, width, seed }: SampleOptions): (y: number, x: number) => boolean {
  const margin = Math.min(width, height) * 0.02;
  const edge = (side: number, y: number) => {
    const [step, t] = [Math.floor(y / 16), (y % 16) / 16];
    const at = (index: number) => uniformAt(seed, STREAMS.edges + side, index, 0);
    return margin * 2 * ((1 - t) * at(step) + t * at(step + 1));
  };
  const holes = new Map<number, { x: number; y: number; radius: number } | null>();
  const holeIn = (row: number, column: number) => {
    const key = row * 0x10000 + column;
    let hole = holes.get(key);
    if (hole === undefined) {
      const random = sequenceAt(seed, STREAMS.holes, row, column);
      const [present, u, v, size] = [random() < 0.4, random(), random(), random()];
      // Holes stay inside their cell, so that no other has to be looked at.
      const radius = 2 + 5 * size;
      const place = (index: number, share: number) => index * HOLE_CELL + radius + share * (HOLE_CELL - 2 * radius);
      hole = present ? { x: place(column, u), y: place(row, v), radius } : null;
      holes.set(key, hole);
    }
    return hole;
  };
  return (y, x) => {
    if (x < edge(0, y) || width - 1 - x < edge(1, y)) return true;
    const hole = holeIn(Math.floor(y / HOLE_CELL), Math.floor(x / HOLE_CELL));
    return hole !== null && (x - hole.x) ** 2 + (y - hole.y) ** 2 < hole.radius ** 2;
  };
}
