/** The columns of the catalogue: this is their only declaration, from which all tables are written. */
import type { Filament } from "./filament.ts";
import type { FrameFigures } from "./sky-spine.ts";

export interface CatalogueColumn {
  readonly name: string;
  readonly type: "double" | "int" | "text";
  /** As FITS 4.0 and VOUnits both write it; "" for none. */
  readonly unit: string;
  /** UCD1+ of the IVOA. */
  readonly ucd: string;
  readonly description: string;
  /** Undefined where there is no value. */
  readonly of: (filament: Filament) => number | string | undefined;
}

/** What a column can lack in all rows, each with the reason, which is told in its description. */
export const needed = ["sky", "icrs", "probability", "image"] as const;
export type Needed = (typeof needed)[number];

export interface ColumnContext {
  /** Names of the map's longitude and latitude, such as GLON and GLAT. */
  readonly frame: readonly [string, string] | undefined;
  /** Unit of the image, as its header writes it. */
  readonly imageUnit: string;
  readonly lacking: { readonly [What in Needed]?: string | undefined };
}

/** What the columns of one map are. */
export function columnsFor({ frame, imageUnit, lacking }: ColumnContext): readonly CatalogueColumn[] {
  const [longitude, latitude] = frame ?? ["longitude", "latitude"];
  const double = (
    name: string,
    unit: string,
    ucd: string,
    description: string,
    of: (filament: Filament) => number | undefined,
    needs?: Needed,
  ): CatalogueColumn => {
    const reason = needs && lacking[needs];
    const told = reason === undefined ? description : `${description}; null: ${reason}`;
    return { name, type: "double", unit, ucd, description: told, of };
  };
  const places = [
    ["", "Middle of the spine", "centre"],
    ["_start", "First end of the spine", "start"],
    ["_end", "Last end of the spine", "end"],
  ] as const;
  return [
    {
      name: "id",
      type: "int",
      unit: "",
      ucd: "meta.id;meta.main",
      description: "Number, as in the skeleton image",
      of: ({ id }) => id,
    },
    {
      name: "name",
      type: "text",
      unit: "",
      ucd: "meta.id",
      description: "By the Galactic coordinates of its middle, else by its pixel",
      of: filamentName,
    },
    {
      name: "network",
      type: "int",
      unit: "",
      ucd: "meta.id.parent",
      description: "Filaments that touch each other have one number",
      of: ({ network }) => network,
    },
    {
      name: "joins",
      type: "int",
      unit: "",
      ucd: "meta.number",
      description: "Nodes at which it meets other filaments",
      of: ({ joins }) => joins,
    },
    ...places.flatMap(([suffix, what, place]) => [
      double(`x${suffix}`, "pixel", "pos.cartesian.x", `${what}: column, from 0`, (f) => f[place].x),
      double(`y${suffix}`, "pixel", "pos.cartesian.y", `${what}: row, from 0`, (f) => f[place].y),
    ]),
    ...places.flatMap(([suffix, what, place]) => [
      double(
        `lon${suffix}`,
        "deg",
        "pos.bodyrc.lon",
        `${what}: ${longitude} of the map`,
        inFrame("own", place, "longitude"),
        "sky",
      ),
      double(
        `lat${suffix}`,
        "deg",
        "pos.bodyrc.lat",
        `${what}: ${latitude} of the map`,
        inFrame("own", place, "latitude"),
        "sky",
      ),
    ]),
    ...places.flatMap(([suffix, what, place]) => [
      double(
        `ra${suffix}`,
        "deg",
        suffix === "" ? "pos.eq.ra;meta.main" : "pos.eq.ra",
        `${what}: right ascension, ICRS`,
        inFrame("icrs", place, "longitude"),
        "icrs",
      ),
      double(
        `dec${suffix}`,
        "deg",
        suffix === "" ? "pos.eq.dec;meta.main" : "pos.eq.dec",
        `${what}: declination, ICRS`,
        inFrame("icrs", place, "latitude"),
        "icrs",
      ),
    ]),
    ...places.flatMap(([suffix, what, place]) => [
      double(
        `l${suffix}`,
        "deg",
        "pos.galactic.lon",
        `${what}: Galactic longitude`,
        inFrame("galactic", place, "longitude"),
        "icrs",
      ),
      double(
        `b${suffix}`,
        "deg",
        "pos.galactic.lat",
        `${what}: Galactic latitude`,
        inFrame("galactic", place, "latitude"),
        "icrs",
      ),
    ]),
    double(
      "length_pixels",
      "pixel",
      "phys.size.length;instr.pixel",
      "Length along the spine, in pixels",
      (f) => f.length,
    ),
    double(
      "length",
      "arcmin",
      "phys.angSize",
      "Length along the spine, on the sphere",
      (f) => f.sky && f.sky.length * 60,
      "sky",
    ),
    double(
      "extent",
      "arcmin",
      "phys.angSize",
      "Distance of its ends, on the sphere",
      (f) => f.sky && f.sky.extent * 60,
      "sky",
    ),
    double("sinuosity", "", "src.morph.param", "Length over the distance of the ends", (f) => f.sinuosity),
    double(
      "pixel_angle",
      "deg",
      "pos.posAng;instr.pixel",
      "Mean direction in the map, from its rows' direction towards rising rows, 0 to 180",
      (f) => f.pixelAngle,
    ),
    double(
      "position_angle",
      "deg",
      "pos.posAng",
      `Mean direction, east of north of ${longitude} and ${latitude}, 0 to 180`,
      (f) => f.sky?.own.positionAngle,
      "sky",
    ),
    double(
      "position_angle_icrs",
      "deg",
      "pos.posAng;pos.eq",
      "Mean direction, east of north in ICRS, 0 to 180",
      (f) => f.sky?.icrs?.positionAngle,
      "icrs",
    ),
    double(
      "position_angle_galactic",
      "deg",
      "pos.posAng;pos.galactic",
      "Mean direction, east of Galactic north, 0 to 180",
      (f) => f.sky?.galactic?.positionAngle,
      "icrs",
    ),
    double(
      "curvature",
      "rad/pixel",
      "src.morph.param",
      "Mean absolute curvature of the spine; 1/R on a circle of radius R",
      (f) => f.curvature,
    ),
    double(
      "probability",
      "",
      "stat.probability;stat.mean",
      "Mean probability along the spine: of calibrated ones the share of it that is expected to be filament",
      (f) => f.probability,
      "probability",
    ),
    double(
      "intensity",
      imageUnit,
      "phot.flux;stat.mean",
      "Mean of the image along the spine",
      (f) => f.intensity,
      "image",
    ),
  ];
}

function inFrame(
  frame: "own" | "icrs" | "galactic",
  place: "centre" | "start" | "end",
  axis: "longitude" | "latitude",
) {
  return ({ sky }: Filament) => {
    const figures: FrameFigures | undefined = sky?.[frame];
    return figures?.[place][axis];
  };
}

/** As the IAU names sources, cut off, not rounded: G029.9981+00.0123. */
export function filamentName({ sky, centre }: Pick<Filament, "sky" | "centre">): string {
  const place = sky?.galactic?.centre;
  if (place === undefined) return `X${centre.x.toFixed(1).padStart(7, "0")}Y${centre.y.toFixed(1).padStart(7, "0")}`;
  const cut = (value: number, digits: number) =>
    (Math.floor(Math.abs(value) * 1e4) / 1e4).toFixed(4).padStart(digits + 5, "0");
  return `G${cut(place.longitude, 3)}${place.latitude < 0 ? "-" : "+"}${cut(place.latitude, 2)}`;
}
