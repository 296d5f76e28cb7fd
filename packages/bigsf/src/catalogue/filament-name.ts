import type { Filament } from "./filament.ts";

/** As the IAU names sources, cut off, not rounded: G029.9981+00.0123. */
export function filamentName({ sky, centre }: Pick<Filament, "sky" | "centre">): string {
  const place = sky?.galactic?.centre;
  if (place === undefined) return `X${centre.x.toFixed(1).padStart(7, "0")}Y${centre.y.toFixed(1).padStart(7, "0")}`;
  const cut = (value: number, digits: number) =>
    (Math.floor(Math.abs(value) * 1e4) / 1e4).toFixed(4).padStart(digits + 5, "0");
  return `G${cut(place.longitude, 3)}${place.latitude < 0 ? "-" : "+"}${cut(place.latitude, 2)}`;
}
