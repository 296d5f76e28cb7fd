/** What should be known of several maps that one model learns from. */
import { getString, type Header } from "@ml-mosaic/fits";
import { coordinatesOf, type Sky } from "./coordinates.ts";
import { type ScaledMap, scaleNotes } from "./pixel-scale.ts";
import { namesText } from "./source-map.ts";

export interface NotedRules {
  readonly normalization: string | undefined;
  readonly normalizationOver?: string | undefined;
}

export function mapNotes(maps: readonly ScaledMap[], rules: NotedRules): readonly string[] {
  return maps.length < 2 ? [] : [...scaleNotes(maps), ...unitNotes(maps, rules), ...overlapNotes(maps)];
}

/** Where patches are not normalised by themselves or by their map, values of several maps are compared. */
function unitNotes(maps: readonly ScaledMap[], { normalization, normalizationOver }: NotedRules): readonly string[] {
  if (normalization !== "none" && normalizationOver !== "all") return [];
  const units = new Map<string, string[]>();
  for (const { name, header } of maps) {
    const unit = unitOf(header);
    if (unit !== undefined) units.set(unit, [...(units.get(unit) ?? []), name]);
  }
  if (units.size < 2) return [];
  const shown = [...units].map(([unit, names]) => `${unit} in ${namesText(names)}`).join(", ");
  return [`units differ (BUNIT: ${shown}), but values of all maps are compared as they are. Convert them to one unit.`];
}

function unitOf(header: Header | undefined): string | undefined {
  return (header && getString(header, "BUNIT")?.trim()) || undefined;
}

/** Pixels along each axis that are looked for in other maps. */
const samples = 17;

/** Maps that show the same sky, so that what one is tested on another may have been trained on. */
function overlapNotes(maps: readonly ScaledMap[]): readonly string[] {
  const placed = maps.flatMap(({ name, header, shape }) => {
    const sky = header && coordinatesOf({ header, axes: [1, 2] });
    return sky?.kind === "sky" ? [{ name, shape, sky, points: gridOf(sky, shape) }] : [];
  });
  const shares = placed.flatMap((map, place) =>
    placed.slice(place + 1).flatMap((other) => {
      const share = Math.max(shareInside(map.points, other), shareInside(other.points, map));
      return share > 0 ? [{ names: `${map.name} and ${other.name}`, share }] : [];
    }),
  );
  const [most, ...others] = shares.toSorted((a, b) => b.share - a.share);
  if (most === undefined) return [];
  const more = others.length === 0 ? "" : `; so do ${others.length} other pairs`;
  return [
    `${most.names} show the same sky, about ${Math.round(100 * most.share)} % of the smaller one${more}: what a model is tested on may be what it was trained on. Cut regions that lie beside each other, or leave one out.`,
  ];
}

interface SkyPlace {
  readonly frame: string;
  readonly first: Float64Array;
  readonly second: Float64Array;
  readonly vectors: Float64Array | undefined;
}

function gridOf(sky: Sky, [height, width]: ScaledMap["shape"]): SkyPlace {
  const at = (place: number, length: number) => (place * (length - 1)) / (samples - 1);
  const x = Float64Array.from({ length: samples ** 2 }, (_, i) => at(i % samples, width));
  const y = Float64Array.from({ length: samples ** 2 }, (_, i) => at(Math.floor(i / samples), height));
  const { first, second } = sky.at(x, y);
  return { frame: sky.frame, first, second, vectors: sky.toJ2000?.(first, second) };
}

function shareInside(
  points: SkyPlace,
  { sky, shape: [height, width] }: { readonly sky: Sky; readonly shape: ScaledMap["shape"] },
): number {
  const moved = points.frame === sky.frame ? undefined : points.vectors && sky.fromJ2000?.(points.vectors);
  if (moved === undefined && points.frame !== sky.frame) return 0;
  const { x, y } = sky.pixelsOf(moved?.longitude ?? points.first, moved?.latitude ?? points.second);
  const inside = x.filter((column, i) => {
    const row = y[i] ?? Number.NaN;
    return column > -0.5 && column < width - 0.5 && row > -0.5 && row < height - 0.5;
  });
  return inside.length / x.length;
}
