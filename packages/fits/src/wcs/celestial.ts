import { FitsError } from "../fits-error.ts";
import { getCard, getNumber, getString, getValue, type Header } from "../header/header.ts";
import { degreesPerUnit, type Linear, readLinear } from "./linear.ts";
import { makeProjection, PROJECTIONS, type Projection } from "./projection.ts";
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
  /** `TAN`, `SIN`, `CAR` or `AIT`. */
  readonly projection: string;
  /** RADESYS, where it is written. */
  readonly frame: string | undefined;
  /** Which sky the coordinates are of, to compare them with those of another header. */
  readonly sky: SkyFrame;
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

const CTYPE = /^([A-Z][A-Z0-9]{0,3})-+([A-Z0-9]{3})(-[A-Z0-9]{1,3})?\s*$/;

/**
 * Reads the celestial axes of a header (FITS 4.0, sections 8.2 and 8.3): TAN, SIN, CAR and AIT with CD, PC and CDELT or
 * CROTA, LONPOLE and LATPOLE. Other axes, as of a cube, are left alone.
 * @param alternate letter of an alternate description
 * @returns null where the header has no celestial axes
 * @throws FitsError `UNSUPPORTED` for other projections and for distortions, `WCS_INVALID` for contradictions
 */
export function readCelestialWcs(header: Header, alternate = ""): CelestialWcs | null {
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
  const projection = PROJECTIONS.find((one) => one === code);
  if (
    projection === undefined ||
    latitude.code !== code ||
    distortion !== undefined ||
    latitude.distortion !== undefined
  ) {
    throw unsupported(
      header,
      `CTYPE${lng}${alternate}`,
      text,
      `TAN, SIN, CAR and AIT without distortions can be computed`,
    );
  }
  const parameter = (axis: number, m: number) => getNumber(header, `PV${axis}_${m}${alternate}`);
  checkParameters(header, lng, lat, projection, alternate);
  const pole = findPole({
    alpha0: (getNumber(header, `CRVAL${lng}${alternate}`) ?? 0) * degreesPerUnit(header, lng, alternate),
    delta0: (getNumber(header, `CRVAL${lat}${alternate}`) ?? 0) * degreesPerUnit(header, lat, alternate),
    theta0: projection === "TAN" || projection === "SIN" ? 90 : 0,
    lonpole: parameter(lng, 3) ?? getNumber(header, `LONPOLE${alternate}`),
    latpole: parameter(lng, 4) ?? getNumber(header, `LATPOLE${alternate}`),
  });
  if (pole === null) throw noPole(header, `CRVAL${lat}${alternate}`);
  const linear = readLinear(header, lng, lat, numAxes, alternate);
  const plane = makeProjection(projection, parameter(lat, 1) ?? 0, parameter(lat, 2) ?? 0);
  return {
    longitudeAxis: lng,
    latitudeAxis: lat,
    longitudeName: longitude.name,
    latitudeName: latitude.name,
    projection,
    frame: getString(header, `RADESYS${alternate}`)?.trim(),
    sky: skyFrame(header, longitude.name, alternate),
    ...transforms(linear, plane, makeRotation(pole), lng > lat),
  };
}

/** @param swapped the longitude is on the later axis, so that x and y change places */
function transforms(linear: Linear, plane: Projection, rotation: Rotation, swapped: boolean) {
  const { crpix, matrix, inverse } = linear;
  const out = new Float64Array(2);
  const pixelToSky = (x: ArrayLike<number>, y: ArrayLike<number>): SkyPoints => {
    checkLengths(x, y);
    const longitude = new Float64Array(x.length);
    const latitude = new Float64Array(x.length);
    const [first, second] = swapped ? [y, x] : [x, y];
    for (let i = 0; i < x.length; i++) {
      const p = (first[i] ?? Number.NaN) + 1 - crpix[0];
      const q = (second[i] ?? Number.NaN) + 1 - crpix[1];
      plane.toSphere(matrix[0] * p + matrix[1] * q, matrix[2] * p + matrix[3] * q, out);
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
      const [p = 0, q = 0] = out;
      first[i] = inverse[0] * p + inverse[1] * q + crpix[0] - 1;
      second[i] = inverse[2] * p + inverse[3] * q + crpix[1] - 1;
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
function checkParameters(header: Header, lng: number, lat: number, projection: string, a: string): void {
  const used = projection === "SIN" ? [`PV${lat}_1${a}`, `PV${lat}_2${a}`] : [];
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
