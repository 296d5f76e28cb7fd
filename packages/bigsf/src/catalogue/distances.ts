/** How far away filaments are, in parsecs. */
import { readFile } from "node:fs/promises";
import { getString, type Header } from "@ml-mosaic/fits";
import { quantileOf } from "@ml-mosaic/statistics";
import { BigsfError } from "../errors.ts";
import type { Plane } from "../maps/plane.ts";
import { filamentName } from "./filament-name.ts";
import { mapSamples } from "./map-samples.ts";
import type { Point } from "./skeleton-graph.ts";
import type { SkyFigures } from "./sky-spine.ts";

export interface Placed {
  readonly sky: SkyFigures | undefined;
  readonly centre: Point;
  readonly points: readonly Point[];
}

export interface Distances {
  /** Undefined where it is not known. */
  of(filament: Placed): Promise<number | undefined>;
}

export function oneDistance(parsecs: number): Distances {
  return { of: () => Promise.resolve(parsecs) };
}

/** A table of names and parsecs, `name,distance`, such as one made from an earlier catalogue. */
export async function distanceTable(path: string): Promise<Distances> {
  const [head = "", ...rows] = (await readFile(path, "utf8")).split(/\r?\n/).filter((line) => line.trim() !== "");
  const columns = head.split(",").map((name) => name.trim().toLowerCase());
  const [nameColumn, distanceColumn] = [columns.indexOf("name"), columns.indexOf("distance")];
  if (nameColumn < 0 || distanceColumn < 0)
    throw new BigsfError("CATALOGUE", `${path} has the columns ${columns.join(", ")}; expected name and distance (pc)`);
  const known = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    const cells = row.split(",").map((cell) => cell.trim());
    const text = cells[distanceColumn] ?? "";
    if (text === "") continue;
    const parsecs = Number(text);
    if (!(parsecs > 0 && Number.isFinite(parsecs)))
      throw new BigsfError("CATALOGUE", `${path}, line ${index + 2}: expected parsecs above 0, got ${text}`);
    known.set(cells[nameColumn] ?? "", parsecs);
  }
  return { of: (filament) => Promise.resolve(known.get(filamentName(filament))) };
}

const parsecsIn: Readonly<Record<string, number>> = { pc: 1, kpc: 1000, mpc: 1e6 };

/**
 * The median of a map along the spine.
 *
 * @param header of the map as it is, which says its unit
 */
export function distanceMap(plane: Plane, header: Header): Distances {
  const unit = getString(header, "BUNIT")?.trim().toLowerCase() ?? "";
  const scale = parsecsIn[unit];
  if (scale === undefined)
    throw new BigsfError(
      "CATALOGUE",
      `${plane.path}: BUNIT is ${unit === "" ? "not given" : unit}; distances are in pc or kpc`,
    );
  const map = mapSamples(plane);
  return {
    async of({ points }) {
      const xs = Float64Array.from(points, ({ x }) => x);
      const ys = Float64Array.from(points, ({ y }) => y);
      const found = (await map.at(xs, ys)).filter((value) => value > 0 && Number.isFinite(value));
      return found.length === 0 ? undefined : scale * quantileOf(found, 0.5);
    },
  };
}
