import { FitsError } from "../fits-error.ts";
import { getCard, getNumber, getString, getValue, type Header } from "../header/header.ts";
import { type Distortion, readSip, readTpv } from "./distortion.ts";
import { degreesPerUnit, type Linear, readLinear } from "./linear.ts";
import {
  makeProjection,
  PROJECTIONS,
  type Projection,
  type ProjectionCode,
  parameterFault,
  parametersOf,
} from "./projection.ts";
import { readAngle, repairKeywords } from "./repair.ts";
import { findPole, makeRotation, type Rotation } from "./rotation.ts";
import { type SkyFrame, skyFrame } from "./sky-frame.ts";

/** Which pixel is where in the sky. Made by `readCelestialWcs`. */
export interface CelestialWcs {
  /** Axes of longitude and latitude, numbered from 1 as in the header. */
  readonly longitudeAxis: number;
  readonly latitudeAxis: number;
  /** `RA`, `GLON`, `ELON`…, as CTYPE has it. */
  readonly longitudeName: string;
  readonly latitudeName: string;
  /** `TAN`, `SIN`, `CAR`…; what TPV and SIP bend is `TAN`. */
  readonly projection: string;
  /** RADESYS, where it is written. */
  readonly frame: string | undefined;
  /** Which sky the coordinates are of, to compare them with those of another header. */
  readonly sky: SkyFrame;
  /**
   * How many pixels lie between a point and the same point a turn of longitude farther, in projections that go on there as they
   * began (CAR, CEA, CYP, MER); undefined in all others. `skyToPixel` gives one of them, within half a turn of the reference.
   */
  readonly turn: PixelStep | undefined;
  /** What was repaired in the header, a sentence each. */
  readonly notes: readonly string[];
  /**
   * @param x pixels along NAXIS1 @param y along NAXIS2 (for headers whose celestial axes are 1 and 2 in either order);
   * numpy's indices: 0 is the centre of the first pixel, `x` the column, `y` the row
   * @returns degrees, longitude in [0, 360); NaN where there is no sky
   */
  pixelToSky(x: ArrayLike<number>, y: ArrayLike<number>): SkyPoints;
  /** @param longitude @param latitude degrees @returns pixels from 0; NaN where a point is not in the projection */
  skyToPixel(longitude: ArrayLike<number>, latitude: ArrayLike<number>): PixelPoints;
}

export interface SkyPoints {
  readonly longitude: Float64Array;
  readonly latitude: Float64Array;
}

export interface PixelPoints {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

export interface PixelStep {
  readonly x: number;
  readonly y: number;
}

const CTYPE = /^([A-Z][A-Z0-9]{0,3})-+([A-Z0-9]{3})(-[A-Z0-9]{1,3})?\s*$/;

/**
 * Reads the celestial axes of a header (FITS 4.0, sections 8.2 and 8.3): the projections of `PROJECTIONS`, TPV and SIP, with
 * CD, PC and CDELT or CROTA, LONPOLE and LATPOLE. Other axes, as of a cube, are left alone.
 * @param alternate letter of an alternate description
 * @returns null where the header has no celestial axes
 * @throws FitsError `UNSUPPORTED` for other projections and distortions, `WCS_INVALID` for contradictions
 */
export function readCelestialWcs(given: Header, alternate = ""): CelestialWcs | null {
  const { header, notes: keywordNotes } = repairKeywords(given);
  const numAxes = countAxes(header, alternate);
  const types = Array.from({ length: numAxes }, (_, i) => {
    const text = getString(header, `CTYPE${i + 1}${alternate}`) ?? "";
    const [, name = "", code = "", distortion] = CTYPE.exec(text) ?? [];
    return { axis: i + 1, text, name, code, distortion };
  });
  const longitude = types.find(({ name }) => name === "RA" || name.endsWith("LON") || name.endsWith("LN"));
  const latitude = types.find(({ name }) => name === "DEC" || name.endsWith("LAT") || name.endsWith("LT"));
  if (longitude === undefined || latitude === undefined) return null;
  const { axis: lng, code, text, distortion } = longitude;
  const lat = latitude.axis;
  const meant = OTHER_NAMES[code] ?? code;
  const projection = PROJECTIONS.find((one) => one === meant);
  const isSip = distortion === "-SIP" && latitude.distortion === distortion && alternate === "";
  const isPlain = distortion === undefined && latitude.distortion === undefined;
  if (projection === undefined || latitude.code !== code || !(isSip || isPlain)) {
    const known = [...PROJECTIONS, ...Object.keys(OTHER_NAMES)].join(", ");
    throw unsupported(header, `CTYPE${lng}${alternate}`, text, `${known}, and -SIP behind them, can be computed`);
  }
  const isTpv = code === "TPV";
  const parameter = (axis: number, m: number) => (isTpv ? undefined : getNumber(header, `PV${axis}_${m}${alternate}`));
  if (!isTpv) checkParameters(header, lng, lat, projection, alternate);
  const fault = parameterFault(projection, (m) => parameter(lat, m));
  if (fault !== undefined) throw badParameter(header, `PV${lat}_${fault.m}${alternate}`, fault.problem);
  const crval = (axis: number) =>
    (getNumber(header, `CRVAL${axis}${alternate}`) ?? 0) * degreesPerUnit(header, axis, alternate);
  const isShifted = code === "GLS";
  const plane = makeProjection(projection, {
    parameter: (m) => parameter(lat, m),
    shift: isShifted ? crval(lat) : 0,
  });
  const pole = findPole({
    alpha0: crval(lng),
    delta0: isShifted ? 0 : crval(lat),
    theta0: plane.theta0,
    lonpole: parameter(lng, 3) ?? getNumber(header, `LONPOLE${alternate}`),
    latpole: parameter(lng, 4) ?? getNumber(header, `LATPOLE${alternate}`),
  });
  if (pole === null) throw noPole(header, `CRVAL${lat}${alternate}`);
  const linear = readLinear(header, lng, lat, numAxes, alternate);
  const sip = alternate === "" ? readSip(header) : undefined;
  const units = [lng, lat].flatMap((axis) => {
    const note = readAngle(getString(header, `CUNIT${axis}${alternate}`)?.trim() || "deg")?.note;
    return note === undefined ? [] : [`CUNIT${axis}${alternate} ${note}`];
  });
  return {
    longitudeAxis: lng,
    latitudeAxis: lat,
    longitudeName: longitude.name,
    latitudeName: latitude.name,
    projection,
    frame: getString(header, `RADESYS${alternate}`)?.trim(),
    sky: skyFrame(header, longitude.name, alternate),
    turn: CYLINDRICAL.includes(projection) ? turnOf(plane, linear, lng > lat) : undefined,
    notes: [
      ...keywordNotes,
      ...units,
      ...(isShifted ? [`the projection ${code} is an older name of ${projection}`] : []),
      ...(sip !== undefined && !isSip ? [`SIP coefficients are used although CTYPE${lng} does not end in -SIP`] : []),
    ],
    ...transforms({
      linear,
      plane,
      rotation: makeRotation(pole),
      swapped: lng > lat,
      sip,
      tpv: isTpv ? readTpv(header, lng, lat, alternate) : undefined,
    }),
  };
}

const CYLINDRICAL: readonly ProjectionCode[] = ["CAR", "CEA", "CYP", "MER"];

function turnOf(plane: Projection, { inverse }: Linear, swapped: boolean): PixelStep {
  const quarter = new Float64Array(2);
  plane.toPlane(90, 0, quarter);
  const degrees = 4 * (quarter[0] ?? 0);
  const [first, second] = [inverse[0] * degrees, inverse[2] * degrees];
  return swapped ? { x: second, y: first } : { x: first, y: second };
}

/** Codes of projections with a distortion, and older names. */
const OTHER_NAMES: Readonly<Record<string, ProjectionCode>> = { TPV: "TAN", GLS: "SFL" };

interface TransformParts {
  readonly linear: Linear;
  readonly plane: Projection;
  readonly rotation: Rotation;
  /** The longitude is on the later axis, so that x and y change places. */
  readonly swapped: boolean;
  readonly sip: Distortion | undefined;
  readonly tpv: Distortion | undefined;
}

function transforms({ linear, plane, rotation, swapped, sip, tpv }: TransformParts) {
  const { crpix, matrix, inverse } = linear;
  const out = new Float64Array(2);
  /** SIP's u is along the earlier axis, wherever the longitude is. */
  const bend = (how: "apply" | "undo") => {
    if (sip === undefined) return;
    const [p = 0, q = 0] = out;
    sip[how](swapped ? q : p, swapped ? p : q, out);
    const [u = 0, v = 0] = out;
    if (swapped) [out[0], out[1]] = [v, u];
  };
  const pixelToSky = (x: ArrayLike<number>, y: ArrayLike<number>): SkyPoints => {
    checkLengths(x, y);
    const longitude = new Float64Array(x.length);
    const latitude = new Float64Array(x.length);
    const [first, second] = swapped ? [y, x] : [x, y];
    for (let i = 0; i < x.length; i++) {
      out[0] = (first[i] ?? Number.NaN) + 1 - crpix[0];
      out[1] = (second[i] ?? Number.NaN) + 1 - crpix[1];
      bend("apply");
      const [p = 0, q = 0] = out;
      out[0] = matrix[0] * p + matrix[1] * q;
      out[1] = matrix[2] * p + matrix[3] * q;
      tpv?.apply(out[0], out[1], out);
      plane.toSphere(out[0], out[1], out);
      rotation.toSky(out[0] ?? 0, out[1] ?? 0, out);
      const defined = !Number.isNaN((out[0] ?? 0) + (out[1] ?? 0));
      longitude[i] = defined ? (out[0] ?? 0) : Number.NaN;
      latitude[i] = defined ? (out[1] ?? 0) : Number.NaN;
    }
    return { longitude, latitude };
  };
  const skyToPixel = (longitude: ArrayLike<number>, latitude: ArrayLike<number>): PixelPoints => {
    checkLengths(longitude, latitude);
    const first = new Float64Array(longitude.length);
    const second = new Float64Array(longitude.length);
    for (let i = 0; i < longitude.length; i++) {
      rotation.toNative(longitude[i] ?? Number.NaN, latitude[i] ?? Number.NaN, out);
      plane.toPlane(out[0] ?? 0, out[1] ?? 0, out);
      tpv?.undo(out[0] ?? 0, out[1] ?? 0, out);
      const [p = 0, q = 0] = out;
      out[0] = inverse[0] * p + inverse[1] * q;
      out[1] = inverse[2] * p + inverse[3] * q;
      bend("undo");
      first[i] = (out[0] ?? 0) + crpix[0] - 1;
      second[i] = (out[1] ?? 0) + crpix[1] - 1;
    }
    return swapped ? { x: second, y: first } : { x: first, y: second };
  };
  return { pixelToSky, skyToPixel };
}

export function countAxes(header: Header, alternate: string): number {
  const written = getNumber(header, `WCSAXES${alternate}`) ?? 0;
  let count = Math.max(written, getNumber(header, "NAXIS") ?? 0);
  // A header without data may still describe axes.
  for (let axis = 1; axis <= 9; axis++)
    if (getCard(header, `CTYPE${axis}${alternate}`) !== undefined) count = Math.max(count, axis);
  return Math.min(count, 99);
}

function checkLengths(first: ArrayLike<number>, second: ArrayLike<number>): void {
  if (first.length === second.length) return;
  throw new FitsError({
    code: "WCS_INVALID",
    problem: `${first.length} and ${second.length} coordinates do not make points`,
    remedy: "Give two lists of the same length",
  });
}

/** Parameters that move the reference point or bend the projection would be silently wrong if they were left out. */
function checkParameters(header: Header, lng: number, lat: number, projection: ProjectionCode, a: string): void {
  const used = parametersOf(projection).map((m) => `PV${lat}_${m}${a}`);
  const allowed = [...used, `PV${lng}_3${a}`, `PV${lng}_4${a}`];
  const start = new RegExp(`^PV(?:${lng}|${lat})_\\d+${a}$`);
  for (const { keyword } of header.cards) {
    if (!start.test(keyword) || allowed.includes(keyword) || getValue(header, keyword) === 0) continue;
    throw unsupported(
      header,
      keyword,
      getValue(header, keyword),
      "this parameter of the projection cannot be computed",
    );
  }
}

function unsupported(header: Header, keyword: string, value: unknown, problem: string): FitsError {
  const remedy = "Use astropy or wcslib for these coordinates; the header itself can be read and written";
  return new FitsError({ code: "UNSUPPORTED", place: header.place, keyword, value, problem, remedy });
}

function badParameter(header: Header, keyword: string, problem: string): FitsError {
  return new FitsError({
    code: "WCS_INVALID",
    place: header.place,
    keyword,
    value: getCard(header, keyword)?.value,
    problem,
    remedy: "Correct this parameter of the projection, or another projection is meant",
  });
}

function noPole(header: Header, keyword: string): FitsError {
  return new FitsError({
    code: "WCS_INVALID",
    place: header.place,
    keyword,
    value: getCard(header, keyword)?.value,
    problem: "no celestial pole fits CRVAL, LONPOLE and LATPOLE",
    remedy: "Correct these keywords",
  });
}
