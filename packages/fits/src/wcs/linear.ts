/** Pixels to intermediate world coordinates: CRPIX with PC and CDELT, CD, or CDELT and CROTA; FITS 4.0, section 8.2. */
import { FitsError } from "../fits-error.ts";
import { getCard, getNumber, getString, type Header } from "../header/header.ts";
import { ANGLES, readAngle } from "./repair.ts";

/** A matrix of the two celestial axes, and its inverse: rows are longitude and latitude in degrees. */
export interface Linear {
  /** CRPIX of the pixel axes of longitude and latitude. */
  readonly crpix: readonly [number, number];
  readonly matrix: readonly [number, number, number, number];
  readonly inverse: readonly [number, number, number, number];
}

/**
 * @param lng @param lat numbers of the celestial axes, from 1
 * @param a letter of an alternate description, or ""
 * @param scaleOf what a unit of an axis counts; degrees by default
 * @throws FitsError `WCS_INVALID`
 */
export function readLinear(
  header: Header,
  lng: number,
  lat: number,
  numAxes: number,
  a: string,
  scaleOf: (header: Header, axis: number, a: string) => number = degreesPerUnit,
): Linear {
  const number = (keyword: string) => getNumber(header, keyword + a);
  const axes = Array.from({ length: numAxes }, (_, i) => i + 1);
  const keywordOf = (kind: "CD" | "PC", i: number, j: number) => matrixKeyword(header, kind, i, j, a);
  const has = (kind: "CD" | "PC") =>
    axes.some((i) => axes.some((j) => getCard(header, keywordOf(kind, i, j)) !== undefined));
  const [hasCd, hasPc] = [has("CD"), has("PC")];
  const rotation = hasCd || hasPc || a !== "" ? undefined : number(`CROTA${lat}`);
  const cdelt = (i: number) => number(`CDELT${i}`) ?? 1;
  const entry = (i: number, j: number): number => {
    if (hasCd) return getNumber(header, keywordOf("CD", i, j)) ?? 0;
    const turned = () => getNumber(header, keywordOf("PC", i, j)) ?? (i === j ? 1 : 0);
    return cdelt(i) * (rotation === undefined ? turned() : rotated(i, j));
  };
  const angle = ((rotation ?? 0) * Math.PI) / 180;
  const rotated = (i: number, j: number): number => {
    if (i === j) return i === lng || i === lat ? Math.cos(angle) : 1;
    // The older convention of AIPS turns pixels before they are scaled: paper II, equation 189.
    if (i === lng && j === lat) return (-Math.sin(angle) * cdelt(lat)) / cdelt(lng);
    return i === lat && j === lng ? (Math.sin(angle) * cdelt(lng)) / cdelt(lat) : 0;
  };
  for (const i of axes) {
    for (const j of axes) {
      const celestial = [lng, lat].includes(i);
      if (celestial !== [lng, lat].includes(j) && entry(i, j) !== 0)
        throw coupled(header, keywordOf(hasCd ? "CD" : "PC", i, j));
    }
  }
  const [sx, sy] = [scaleOf(header, lng, a), scaleOf(header, lat, a)];
  const matrix = [entry(lng, lng) * sx, entry(lng, lat) * sx, entry(lat, lng) * sy, entry(lat, lat) * sy] as const;
  const determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2];
  if (determinant === 0 || !Number.isFinite(determinant)) throw singular(header, `${hasCd ? "CD" : "CDELT"}${lng}${a}`);
  const [p, q, r, s] = matrix;
  return {
    crpix: [number(`CRPIX${lng}`) ?? 0, number(`CRPIX${lat}`) ?? 0],
    matrix,
    inverse: [s / determinant, -q / determinant, -r / determinant, p / determinant],
  };
}

/** `CD1_2`, or `CD001002` where a header has drafts' older spelling, as wcslib reads both. */
export function matrixKeyword(header: Header, kind: "CD" | "PC", i: number, j: number, a: string): string {
  const older = `${kind}${String(i).padStart(3, "0")}${String(j).padStart(3, "0")}`;
  const keyword = `${kind}${i}_${j}${a}`;
  return a === "" && getCard(header, keyword) === undefined && getCard(header, older) !== undefined ? older : keyword;
}

/** Of CUNIT; degrees where it is not written. @throws FitsError `WCS_INVALID` for what is no angle */
export function degreesPerUnit(header: Header, axis: number, a: string): number {
  const unit = getString(header, `CUNIT${axis}${a}`)?.trim() || "deg";
  const angle = readAngle(unit);
  if (angle === undefined) throw invalidUnit(header, `CUNIT${axis}${a}`, unit);
  return angle.degrees;
}

function coupled(header: Header, keyword: string): FitsError {
  return new FitsError({
    code: "UNSUPPORTED",
    place: header.place,
    keyword,
    value: getCard(header, keyword)?.value,
    problem: "a celestial axis depends on another axis",
    remedy: "This library treats the celestial axes alone; use astropy or wcslib",
  });
}

function invalidUnit(header: Header, keyword: string, value: string): FitsError {
  const problem = "celestial coordinates need an angle";
  const remedy = `Use one of ${ANGLES.join(", ")}`;
  return new FitsError({ code: "WCS_INVALID", place: header.place, keyword, value, problem, remedy });
}

function singular(header: Header, keyword: string): FitsError {
  return new FitsError({
    code: "WCS_INVALID",
    place: header.place,
    keyword,
    problem: "the matrix of the celestial axes cannot be inverted",
    remedy: "Correct the CD, PC or CDELT keywords",
  });
}
