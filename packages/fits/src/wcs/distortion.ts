/**
 * Polynomials between pixels and the projection: SIP (Shupe et al. 2005), on pixels from CRPIX, and TPV (the registry of
 * FITS conventions), on the plane in degrees.
 */
import { getNumber, type Header } from "../header/header.ts";

/** Both directions write a pair into `out`. */
export interface Distortion {
  apply(u: number, v: number, out: Float64Array): void;
  undo(u: number, v: number, out: Float64Array): void;
}

/** @returns undefined where the header has no SIP coefficients */
export function readSip(header: Header): Distortion | undefined {
  const [a, b] = [sipTerms(header, "A"), sipTerms(header, "B")];
  if (a.length + b.length === 0) return undefined;
  const sum = (terms: readonly Term[], u: number, v: number) =>
    terms.reduce((total, { p, q, factor }) => total + factor * u ** p * v ** q, 0);
  return withInverse((u, v, out) => {
    out[0] = u + sum(a, u, v);
    out[1] = v + sum(b, u, v);
  });
}

interface Term {
  readonly p: number;
  readonly q: number;
  readonly factor: number;
}

function sipTerms(header: Header, letter: "A" | "B"): readonly Term[] {
  const order = Math.min(9, getNumber(header, `${letter}_ORDER`) ?? 0);
  const terms: Term[] = [];
  for (let p = 0; p <= order; p++) {
    for (let q = 0; p + q <= order; q++) {
      const factor = getNumber(header, `${letter}_${p}_${q}`) ?? 0;
      if (factor !== 0) terms.push({ p, q, factor });
    }
  }
  return terms;
}

/** Powers of the axis itself, of the other axis and of the distance, of PVi_0 to PVi_39. */
const TPV_TERMS: readonly (readonly [own: number, other: number, distance: number])[] = [1, 2, 3, 4, 5, 6, 7].reduce<
  (readonly [number, number, number])[]
>(
  (terms, order) => {
    for (let other = 0; other <= order; other++) terms.push([order - other, other, 0]);
    if (order % 2 === 1) terms.push([0, 0, order]);
    return terms;
  },
  [[0, 0, 0]],
);

/** @param lng @param lat numbers of the axes */
export function readTpv(header: Header, lng: number, lat: number, alternate: string): Distortion {
  const factors = (axis: number) =>
    TPV_TERMS.map((_, m) => getNumber(header, `PV${axis}_${m}${alternate}`) ?? (m === 1 ? 1 : 0));
  const [a, b] = [factors(lng), factors(lat)];
  const sum = (of: readonly number[], own: number, other: number) => {
    const r = Math.hypot(own, other);
    return TPV_TERMS.reduce((total, [p, q, s], m) => {
      const factor = of[m] ?? 0;
      return factor === 0 ? total : total + factor * own ** p * other ** q * r ** s;
    }, 0);
  };
  return withInverse((u, v, out) => {
    out[0] = sum(a, u, v);
    out[1] = sum(b, v, u);
  });
}

const MOST_STEPS = 40;

/** Newton's method, from the point itself: distortions are small, or at least smooth. NaN where it does not end. */
function withInverse(apply: Distortion["apply"]): Distortion {
  const at = new Float64Array(2);
  return {
    apply,
    undo(u, v, out) {
      let [x, y] = [u, v];
      for (let step = 0; step < MOST_STEPS; step++) {
        const width = 1e-6 * Math.max(1, Math.abs(x), Math.abs(y));
        apply(x + width, y, at);
        const [ux = 0, vx = 0] = at;
        apply(x, y + width, at);
        const [uy = 0, vy = 0] = at;
        apply(x, y, at);
        const [u0 = 0, v0 = 0] = at;
        const [a, b, c, d] = [(ux - u0) / width, (uy - u0) / width, (vx - v0) / width, (vy - v0) / width];
        const determinant = a * d - b * c;
        const [du, dv] = [u - u0, v - v0];
        const [dx, dy] = [(d * du - b * dv) / determinant, (a * dv - c * du) / determinant];
        x += dx;
        y += dy;
        if (Math.hypot(dx, dy) <= 1e-13 * Math.max(1, Math.abs(x), Math.abs(y))) {
          out[0] = x;
          out[1] = y;
          return;
        }
      }
      out[0] = Number.NaN;
      out[1] = Number.NaN;
    },
  };
}
