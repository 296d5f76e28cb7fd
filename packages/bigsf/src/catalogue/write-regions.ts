import { replaceFile } from "@ml-mosaic/base";
import type { Sky } from "../maps/coordinates.ts";
import type { Filament } from "./filament.ts";
import { filamentName } from "./filament-name.ts";
import { type FoundFilament, spineOfFound } from "./find-filaments.ts";
import { simplified } from "./polyline.ts";
import type { Point } from "./skeleton-graph.ts";
import { icrsOf } from "./sky-spine.ts";

/** Pixels by which a line may leave the spine that it stands for. */
const tolerance = 0.5;

/**
 * Spines as regions of SAOImage DS9, which other programs read too: lines in ICRS, or in pixels where there is no sky. Those of
 * one filament have its name as tag.
 */
export async function writeRegions(
  path: string,
  sky: Sky | undefined,
  filaments: readonly { readonly filament: Filament; readonly found: FoundFilament }[],
): Promise<void> {
  const lines = [
    "# Region file format: DS9 version 4.1",
    "global color=cyan width=1 select=1 edit=1 move=1 delete=1",
    sky?.toJ2000 === undefined ? "image" : "icrs",
  ];
  for (const { filament, found } of filaments) {
    const name = filamentName(filament);
    const corners = cornersOf(sky, simplified(spineOfFound(found).points, tolerance));
    for (const [index, to] of corners.entries()) {
      const from = corners[index - 1];
      if (from === undefined) continue;
      const label = index === 1 ? ` text={${name}}` : "";
      lines.push(`line(${from},${to}) # line=0 0 tag={${name}} tag={network ${filament.network}}${label}`);
    }
  }
  await replaceFile(path, `${lines.join("\n")}\n`);
}

/** In degrees; in pixels DS9 counts from 1. */
function cornersOf(sky: Sky | undefined, points: readonly Point[]): readonly string[] {
  const places = sky && icrsOf(sky, points);
  if (places === undefined) return points.map(({ x, y }) => `${(x + 1).toFixed(3)},${(y + 1).toFixed(3)}`);
  return Array.from(places.longitude, (longitude, i) => ({ longitude, latitude: places.latitude[i] ?? Number.NaN }))
    .filter(({ longitude, latitude }) => !Number.isNaN(longitude + latitude))
    .map(({ longitude, latitude }) => `${longitude.toFixed(8)},${latitude.toFixed(8)}`);
}
