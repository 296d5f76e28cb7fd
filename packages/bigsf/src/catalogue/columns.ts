/** The columns of the catalogue: this is their only declaration, from which all tables are written. */
import type { Filament } from "./filament.ts";
import { filamentName } from "./filament-name.ts";
import type { Measured } from "./profile.ts";

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

/** What columns can lack in all rows. */
export type Needed = "sky" | "icrs" | "probability" | "image" | "beam" | "distance" | "mass";

/** Why, which is told in the descriptions of the columns. */
export type Lacking = { readonly [What in Needed]?: string | undefined };

export interface ColumnContext {
  /** Names of the map's longitude and latitude, such as GLON and GLAT. */
  readonly frame: readonly [string, string] | undefined;
  /** Unit of the image, as its header writes it. */
  readonly imageUnit: string;
  readonly lacking: Lacking;
}

type Number = (filament: Filament) => number | undefined;

const places = [
  { suffix: "", place: "centre", what: "Middle of the spine", main: ";meta.main" },
  { suffix: "_start", place: "start", what: "First end of the spine", main: "" },
  { suffix: "_end", place: "end", what: "Last end of the spine", main: "" },
] as const;

const ucdsOfFrame: Readonly<Record<string, readonly [string, string]>> = {
  GLON: ["pos.galactic.lon", "pos.galactic.lat"],
  RA: ["pos.eq.ra", "pos.eq.dec"],
  ELON: ["pos.ecliptic.lon", "pos.ecliptic.lat"],
};

/** What the columns of one map are. */
export function columnsFor({ frame, imageUnit, lacking }: ColumnContext): readonly CatalogueColumn[] {
  const [longitude, latitude] = frame ?? ["longitude", "latitude"];
  const [longitudeUcd, latitudeUcd] = ucdsOfFrame[longitude] ?? ["pos", "pos"];
  /** Columns that all need the same. */
  const needing = (needed: Needed | undefined) => {
    const reason = needed && lacking[needed];
    const told = (text: string) => (reason === undefined ? text : `${text}; null: ${reason}`);
    const double = (name: string, unit: string, ucd: string, description: string, of: Number): CatalogueColumn => ({
      name,
      type: "double",
      unit,
      ucd,
      description: told(description),
      of,
    });
    const withError = (
      name: string,
      unit: string,
      ucd: string,
      description: string,
      measured: (filament: Filament) => Measured | undefined,
      scale: Number = () => 1,
    ): readonly CatalogueColumn[] => {
      const scaled = (filament: Filament, value: number | undefined) => {
        const factor = scale(filament);
        return value === undefined || factor === undefined ? undefined : value * factor;
      };
      const error = `stat.error;${ucd.split(";")[0]}`;
      return [
        double(name, unit, ucd, description, (f) => scaled(f, measured(f)?.value)),
        double(`${name}_error`, unit, error, `Standard error of ${name}, from parts of the filament`, (f) =>
          scaled(f, measured(f)?.error),
        ),
      ];
    };
    return { double, withError };
  };
  const own = needing(undefined);
  const sky = needing("sky");
  const icrs = needing("icrs");
  const image = needing("image");
  const beam = needing("beam");
  const mass = needing("mass");
  const arcseconds: Number = ({ pixelDegrees }) => pixelDegrees && pixelDegrees * 3600;
  return [
    integer("id", "meta.id;meta.main", "Number, as in the skeleton image", ({ id }) => id),
    text("name", "meta.id", "By the Galactic coordinates of its middle, else by its pixel", filamentName),
    integer("network", "meta.id.parent", "Filaments that touch each other have one number", (f) => f.network),
    integer("joins", "meta.number", "Nodes at which it meets other filaments", ({ joins }) => joins),
    ...places.flatMap(({ suffix, place, what }) => [
      own.double(`x${suffix}`, "pixel", "pos.cartesian.x", `${what}: column, from 0`, (f) => f[place].x),
      own.double(`y${suffix}`, "pixel", "pos.cartesian.y", `${what}: row, from 0`, (f) => f[place].y),
    ]),
    ...places.flatMap(({ suffix, place, what }) => {
      const at = (f: Filament) => f.sky?.own[place];
      return [
        sky.double(`lon${suffix}`, "deg", longitudeUcd, `${what}: ${longitude}`, (f) => at(f)?.longitude),
        sky.double(`lat${suffix}`, "deg", latitudeUcd, `${what}: ${latitude}`, (f) => at(f)?.latitude),
      ];
    }),
    ...places.flatMap(({ suffix, place, what, main }) => {
      const at = (f: Filament) => f.sky?.icrs?.[place];
      const [ra, dec] = [`pos.eq.ra${main}`, `pos.eq.dec${main}`];
      return [
        icrs.double(`ra${suffix}`, "deg", ra, `${what}: right ascension, ICRS`, (f) => at(f)?.longitude),
        icrs.double(`dec${suffix}`, "deg", dec, `${what}: declination, ICRS`, (f) => at(f)?.latitude),
      ];
    }),
    ...places.flatMap(({ suffix, place, what }) => {
      const at = (f: Filament) => f.sky?.galactic?.[place];
      const [l, b] = ["pos.galactic.lon", "pos.galactic.lat"];
      return [
        icrs.double(`l${suffix}`, "deg", l, `${what}: Galactic longitude`, (f) => at(f)?.longitude),
        icrs.double(`b${suffix}`, "deg", b, `${what}: Galactic latitude`, (f) => at(f)?.latitude),
      ];
    }),
    own.double("length_pixels", "pixel", "phys.size", "Length along the spine, in pixels", ({ length }) => length),
    sky.double("length", "arcmin", "phys.angSize", "Length along the spine, on the sphere", (f) =>
      minutes(f.sky?.length),
    ),
    sky.double("extent", "arcmin", "phys.angSize", "Distance of its ends, on the sphere", (f) =>
      minutes(f.sky?.extent),
    ),
    own.double("sinuosity", "", "src.morph.param", "Length over the distance of the ends", (f) => f.sinuosity),
    own.double(
      "curvature",
      "rad/pixel",
      "src.morph.param",
      "Mean absolute curvature; 1/R on a circle",
      (f) => f.curvature,
    ),
    own.double(
      "pixel_angle",
      "deg",
      "pos.posAng",
      "Mean direction, from that of the map's rows towards rising rows, 0 to 180",
      (f) => f.pixelAngle,
    ),
    sky.double(
      "position_angle",
      "deg",
      "pos.posAng",
      `Mean direction, east of north of ${longitude} and ${latitude}, 0 to 180`,
      (f) => f.sky?.own.positionAngle,
    ),
    icrs.double(
      "position_angle_icrs",
      "deg",
      "pos.posAng",
      "Mean direction, east of north in ICRS, 0 to 180",
      (f) => f.sky?.icrs?.positionAngle,
    ),
    icrs.double(
      "position_angle_galactic",
      "deg",
      "pos.posAng",
      "Mean direction, east of Galactic north, 0 to 180",
      (f) => f.sky?.galactic?.positionAngle,
    ),
    needing("probability").double(
      "probability",
      "",
      "stat.probability",
      "Mean along the spine: of calibrated probabilities the share of it that is expected to be filament",
      (f) => f.probability,
    ),
    own.double(
      "mask_width_pixels",
      "pixel",
      "phys.size",
      "Width of the mask, in pixels: median along the spine",
      (f) => 2 * f.halfWidth,
    ),
    image.double(
      "intensity",
      imageUnit,
      "phot.flux;stat.mean",
      "Mean of the image along the spine",
      (f) => f.intensity,
    ),
    ...image.withError(
      "amplitude",
      imageUnit,
      "phot.flux;stat.max",
      "Height of the fitted Gaussian over the background",
      (f) => f.profile?.amplitude,
    ),
    image.double(
      "background",
      imageUnit,
      "phot.flux;instr.background",
      "Of the image below the crest, as fitted",
      (f) => f.profile?.background,
    ),
    image.double("contrast", "", "phot.flux;arith.ratio", "Amplitude over background", contrastOf),
    image.double(
      "significance",
      "",
      "stat.snr",
      "Amplitude over the scatter of single pixels of the background beside it",
      significanceOf,
    ),
    ...image.withError(
      "width_pixels",
      "pixel",
      "phys.size",
      "Full width at half maximum of the Gaussian, as seen, in pixels",
      (f) => f.profile?.width,
    ),
    ...(lacking.image === undefined ? sky : image).withError(
      "width",
      "arcsec",
      "phys.angSize",
      "Full width at half maximum of the Gaussian, as seen",
      (f) => f.profile?.width,
      arcseconds,
    ),
    ...beam.withError(
      "width_deconvolved",
      "arcsec",
      "phys.angSize",
      "The same without the beam",
      (f) => f.profile?.deconvolved,
      arcseconds,
    ),
    ...(lacking.image === undefined ? sky : image).withError(
      "plummer_radius",
      "arcsec",
      "phys.angSize",
      `Radius R of the fitted Plummer profile${lacking.beam === undefined ? ", without the beam" : ", as seen"}`,
      (f) => f.profile?.plummer?.radius,
      arcseconds,
    ),
    ...image.withError(
      "plummer_index",
      "",
      "stat.fit.param",
      "Index p of the Plummer profile, of which the column density falls as r^(1-p)",
      (f) => f.profile?.plummer?.index,
    ),
    ...(lacking.image === undefined ? sky : image).withError(
      "plummer_width",
      "arcsec",
      "phys.angSize",
      "Full width at half maximum of the Plummer profile",
      (f) => f.profile?.plummer?.width,
      arcseconds,
    ),
    needing("distance").double("distance", "pc", "pos.distance", "As it was given", (f) => f.distance),
    needing("distance").double("length_parsecs", "pc", "phys.size", "Length along the spine", lengthParsecs),
    ...mass.withError(
      "mass_per_length",
      "solMass/pc",
      "phys.mass",
      "Mass per length: that of the Gaussian over the background",
      (f) => f.massPerLength,
    ),
    ...mass.withError(
      "mass",
      "solMass",
      "phys.mass",
      "Mass per length times length",
      (f) => f.massPerLength,
      lengthParsecs,
    ),
    text("notes", "meta.note", "Why figures are missing that others have", ({ notes }) => notes.join("; ")),
  ];
}

function integer(name: string, ucd: string, description: string, of: Number): CatalogueColumn {
  return { name, type: "int", unit: "", ucd, description, of };
}

function text(name: string, ucd: string, description: string, of: (filament: Filament) => string): CatalogueColumn {
  return { name, type: "text", unit: "", ucd, description, of };
}

function minutes(degrees: number | undefined): number | undefined {
  return degrees === undefined ? undefined : degrees * 60;
}

function lengthParsecs({ sky, distance }: Filament): number | undefined {
  return sky === undefined || distance === undefined ? undefined : ((sky.length * Math.PI) / 180) * distance;
}

/** Undefined where the background is not above 0. */
export function contrastOf({ profile }: Pick<Filament, "profile">): number | undefined {
  return profile === undefined || profile.background <= 0 ? undefined : profile.amplitude.value / profile.background;
}

export function significanceOf({ profile }: Pick<Filament, "profile">): number | undefined {
  return profile?.scatter === undefined || profile.scatter === 0
    ? undefined
    : profile.amplitude.value / profile.scatter;
}

/** What nothing could be fitted to does not stand out. */
export function isFaint(filament: Pick<Filament, "profile">, leastSignificance: number): boolean {
  return leastSignificance > 0 && !((significanceOf(filament) ?? 0) >= leastSignificance);
}
