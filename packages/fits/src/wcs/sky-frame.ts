/** Directions of one sky, whatever the names of its coordinates: to compare headers, not to reduce astrometry. */
import { getNumber, getString, type Header } from "../header/header.ts";
import type { SkyPoints } from "./celestial.ts";

const DEGREE = Math.PI / 180;

type Matrix = readonly [Row, Row, Row];
type Row = readonly [number, number, number];

/** Rotations to ICRS. Galactic is IAU 1958, its pole at 192.8594812° +27.1282512° (FK5) as in astropy. */
const FROM_GALACTIC: Matrix = [
  [-0.05487565771259218, 0.49410943719272665, -0.8676661375596585],
  [-0.8734370519556162, -0.4448297212232957, -0.19807633727300056],
  [-0.4838350736167155, 0.7469821839866677, 0.45598381368730206],
];

/** FK5 at J2000: turned by 0.03 arc seconds, USNO Circular 179 (Kaplan 2005). */
const FROM_FK5: Matrix = [
  [0.9999999999999928, 1.1102233738475023e-7, 4.41180342992963e-8],
  [-1.1102233290551095e-7, 0.9999999999999891, -9.64779274502609e-8],
  [-4.411804498096775e-8, 9.647792246010133e-8, 0.9999999999999943],
];

/** Mean obliquity of J2000, IAU 1976. */
const OBLIQUITY = 23.4392911 * DEGREE;
const FROM_ECLIPTIC: Matrix = [
  [1, 0, 0],
  [0, Math.cos(OBLIQUITY), -Math.sin(OBLIQUITY)],
  [0, Math.sin(OBLIQUITY), Math.cos(OBLIQUITY)],
];

/** To FK5: FK4 at B1950 without the E-terms of aberration, 0.35 arc seconds: Standish (1982), A&A 115, 20. */
const FROM_B1950: Matrix = [
  [0.9999256782, -0.0111820611, -0.0048579477],
  [0.011182061, 0.9999374784, -0.0000271765],
  [0.0048579479, -0.0000271474, 0.9999881997],
];

/** Which sky a pair of axes measures. */
export interface SkyFrame {
  /** Such as `RA ICRS`, `RA FK5 2000`, `GLON`: the same for axes that measure the same. */
  readonly name: string;
  /**
   * Unit vectors in J2000, as ICRS has it.
   *
   * @param longitude @param latitude degrees @returns [points * 3]; undefined for skies that are not known, as that of the Sun
   */
  readonly toJ2000: ((longitude: ArrayLike<number>, latitude: ArrayLike<number>) => Float64Array) | undefined;
  /** The way back, longitude in [0, 360). @param vectors [points * 3], as `toJ2000` gives them */
  readonly fromJ2000: ((vectors: Float64Array) => SkyPoints) | undefined;
}

/** @param longitudeName as CTYPE has it, such as `GLON` */
export function skyFrame(header: Header, longitudeName: string, alternate = ""): SkyFrame {
  switch (longitudeName) {
    case "GLON":
      return turned("GLON", FROM_GALACTIC);
    case "ELON":
      return turned("ELON", FROM_ECLIPTIC);
    case "RA":
      return equatorial(header, alternate);
    default:
      return { name: longitudeName, toJ2000: undefined, fromJ2000: undefined };
  }
}

/** RADESYS and EQUINOX with the standard's defaults, section 8.3, in their old spellings too. */
function equatorial(header: Header, a: string): SkyFrame {
  const written = getString(header, `RADESYS${a}`) ?? (a === "" ? getString(header, "RADECSYS") : undefined);
  const equinox = getNumber(header, `EQUINOX${a}`) ?? (a === "" ? getNumber(header, "EPOCH") : undefined);
  const system = written?.trim() || (equinox === undefined ? "ICRS" : equinox < 1984 ? "FK4" : "FK5");
  const isOld = system.startsWith("FK4");
  if (!isOld && system !== "FK5") return turned(`RA ${system}`, IDENTITY);
  const year = equinox ?? (isOld ? 1950 : 2000);
  const standard = isOld ? 1950 : 2000;
  const matrix = precession(year, standard);
  return turned(`RA ${system} ${year}`, product(FROM_FK5, isOld ? product(FROM_B1950, matrix) : matrix));
}

const IDENTITY: Matrix = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/** IAU 1976: Lieske (1979), A&A 73, 282, between years of which one is J2000 or near it. */
function precession(from: number, to: number): Matrix {
  if (from === to) return IDENTITY;
  const at = (year: number): Matrix => {
    const t = (year - 2000) / 100;
    const angle = (a: number, b: number, c: number) => ((a * t + b * t ** 2 + c * t ** 3) / 3600) * DEGREE;
    const [zeta, z] = [angle(2306.2181, 0.30188, 0.017998), angle(2306.2181, 1.09468, 0.018203)];
    const theta = angle(2004.3109, -0.42665, -0.041833);
    return product(aroundZ(-z), product(aroundY(theta), aroundZ(-zeta)));
  };
  return product(at(to), transposed(at(from)));
}

function aroundZ(angle: number): Matrix {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [
    [c, s, 0],
    [-s, c, 0],
    [0, 0, 1],
  ];
}

function aroundY(angle: number): Matrix {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return [
    [c, 0, -s],
    [0, 1, 0],
    [s, 0, c],
  ];
}

function transposed([a, b, c]: Matrix): Matrix {
  return [
    [a[0], b[0], c[0]],
    [a[1], b[1], c[1]],
    [a[2], b[2], c[2]],
  ];
}

function product(left: Matrix, right: Matrix): Matrix {
  const columns = transposed(right);
  const row = (a: Row): Row => [dot(a, columns[0]), dot(a, columns[1]), dot(a, columns[2])];
  return [row(left[0]), row(left[1]), row(left[2])];
}

function dot(a: Row, b: Row): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** @param matrix rotates its directions to J2000 */
function turned(name: string, matrix: Matrix): SkyFrame {
  const back = transposed(matrix);
  return {
    name,
    toJ2000(longitude, latitude) {
      const vectors = new Float64Array(3 * longitude.length);
      for (let i = 0; i < longitude.length; i++) {
        const [lon, lat] = [(longitude[i] ?? Number.NaN) * DEGREE, (latitude[i] ?? Number.NaN) * DEGREE];
        const point: Row = [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)];
        for (const [axis, row] of matrix.entries()) vectors[3 * i + axis] = dot(row, point);
      }
      return vectors;
    },
    fromJ2000(vectors) {
      const count = vectors.length / 3;
      const points = { longitude: new Float64Array(count), latitude: new Float64Array(count) };
      for (let i = 0; i < count; i++) {
        const vector: Row = [vectors[3 * i] ?? 0, vectors[3 * i + 1] ?? 0, vectors[3 * i + 2] ?? 0];
        const [x, y, z] = [dot(back[0], vector), dot(back[1], vector), dot(back[2], vector)];
        const longitude = Math.atan2(y, x) / DEGREE;
        points.longitude[i] = longitude < 0 ? longitude + 360 : longitude;
        points.latitude[i] = Math.atan2(z, Math.hypot(x, y)) / DEGREE;
      }
      return points;
    },
  };
}
