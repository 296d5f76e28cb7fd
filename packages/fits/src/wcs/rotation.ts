/** From native to celestial coordinates and back: paper II, section 2.3 and 2.4. All angles in degrees. */

const DEGREE = Math.PI / 180;

/** Where the native pole is in the sky, and the sky's pole in native coordinates. */
export interface Pole {
  readonly alphaP: number;
  readonly deltaP: number;
  /** LONPOLE. */
  readonly phiP: number;
}

export interface Reference {
  /** CRVAL of longitude and latitude. */
  readonly alpha0: number;
  readonly delta0: number;
  readonly theta0: 0 | 90;
  readonly lonpole: number | undefined;
  readonly latpole: number | undefined;
}

/** @returns null where no pole fits the keywords */
export function findPole({ alpha0, delta0, theta0, lonpole, latpole = 90 }: Reference): Pole | null {
  const phiP = lonpole ?? (delta0 >= theta0 ? 0 : 180);
  if (theta0 === 90) return { alphaP: alpha0, deltaP: delta0, phiP };
  // theta0 = 0, phi0 = 0: equations 8 to 10 without the terms that vanish.
  const cosine = Math.cos(phiP * DEGREE);
  const ratio = Math.sin(delta0 * DEGREE) / Math.abs(cosine);
  const middle = cosine >= 0 ? 0 : 180;
  let deltaP: number;
  if (Math.abs(cosine) < 1e-10) {
    if (Math.abs(delta0) > 1e-10) return null;
    deltaP = latpole;
  } else {
    if (!(Math.abs(ratio) <= 1 + 1e-10)) return null;
    const away = Math.acos(Math.min(1, Math.max(-1, ratio))) / DEGREE;
    const candidates = [middle + away, middle - away].map(wrap).filter((value) => Math.abs(value) <= 90 + 1e-10);
    const nearest = candidates.toSorted((a, b) => Math.abs(a - latpole) - Math.abs(b - latpole))[0];
    if (nearest === undefined) return null;
    deltaP = Math.min(90, Math.max(-90, nearest));
  }
  return { alphaP: poleLongitude(alpha0, delta0, deltaP, phiP), deltaP, phiP };
}

function poleLongitude(alpha0: number, delta0: number, deltaP: number, phiP: number): number {
  if (Math.abs(Math.abs(delta0) - 90) < 1e-10) return alpha0;
  if (90 - deltaP < 1e-10) return alpha0 + phiP - 180;
  if (90 + deltaP < 1e-10) return alpha0 - phiP;
  const sine = Math.sin(phiP * DEGREE) / Math.cos(delta0 * DEGREE);
  const cosine =
    (-Math.sin(deltaP * DEGREE) * Math.sin(delta0 * DEGREE)) / (Math.cos(deltaP * DEGREE) * Math.cos(delta0 * DEGREE));
  return alpha0 - Math.atan2(sine, cosine) / DEGREE;
}

/** Into (-180, 180]. */
function wrap(angle: number): number {
  const turned = angle % 360;
  return turned > 180 ? turned - 360 : turned <= -180 ? turned + 360 : turned;
}

/** A rotation of the sphere that is fixed once and used for many points. */
export interface Rotation {
  /** Equation 2: writes longitude in [0, 360) and latitude into `out`. */
  toSky(phi: number, theta: number, out: Float64Array): void;
  /** Equation 5: writes phi in [-180, 180] and theta into `out`. */
  toNative(alpha: number, delta: number, out: Float64Array): void;
}

export function makeRotation({ alphaP, deltaP, phiP }: Pole): Rotation {
  const sinP = Math.sin(deltaP * DEGREE);
  const cosP = Math.cos(deltaP * DEGREE);
  const atPole = 90 - Math.abs(deltaP) < 1e-13;
  const north = deltaP > 0;
  const turn = (longitude: number, latitude: number, from: number, to: number, out: Float64Array) => {
    const sin = Math.sin(latitude * DEGREE);
    const cos = Math.cos(latitude * DEGREE);
    const sinL = Math.sin((longitude - from) * DEGREE);
    const cosL = Math.cos((longitude - from) * DEGREE);
    const x = sin * cosP - cos * sinP * cosL;
    const y = -cos * sinL;
    const z = sin * sinP + cos * cosP * cosL;
    out[0] = to + Math.atan2(y, x) / DEGREE;
    // Near the poles the sine loses half of its digits, the other side keeps them.
    out[1] =
      Math.abs(z) > 0.99 ? (Math.sign(z) * Math.acos(Math.min(1, Math.hypot(x, y)))) / DEGREE : Math.asin(z) / DEGREE;
  };
  return {
    toSky(phi, theta, out) {
      if (atPole) {
        // Plain shifts keep all digits: full-sky maps rely on it.
        out[0] = north ? alphaP + 180 + phi - phiP : alphaP - phi + phiP;
        out[1] = north ? theta : -theta;
      } else turn(phi, theta, phiP, alphaP, out);
      const longitude = (out[0] ?? 0) % 360;
      out[0] = longitude < 0 ? longitude + 360 : longitude;
    },
    toNative(alpha, delta, out) {
      if (atPole) {
        out[0] = north ? phiP + 180 + alpha - alphaP : phiP - alpha + alphaP;
        out[1] = north ? delta : -delta;
      } else turn(alpha, delta, alphaP, phiP, out);
      out[0] = wrap(out[0] ?? 0);
    },
  };
}
