/**
 * Spherical projections between native coordinates (phi, theta) and the plane (x, y), all in degrees. Formulas:
 * Calabretta and Greisen (2002), A&A 395, 1077 ("paper II"), sections 5.1 to 5.3.
 */

const DEGREE = Math.PI / 180;

export const PROJECTIONS = ["TAN", "SIN", "CAR", "AIT"] as const;
export type ProjectionCode = (typeof PROJECTIONS)[number];

/** Both functions write a pair into `out`; NaN where a point has no image. */
export interface Projection {
  /** Native latitude of the reference point, at longitude 0: 90 for zenithal projections. */
  readonly theta0: 0 | 90;
  toSphere(x: number, y: number, out: Float64Array): void;
  toPlane(phi: number, theta: number, out: Float64Array): void;
}

/** Gnomonic, section 5.1.3. */
const tan: Projection = {
  theta0: 90,
  toSphere(x, y, out) {
    set(out, Math.atan2(x, -y) / DEGREE, Math.atan2(1 / DEGREE, Math.hypot(x, y)) / DEGREE);
  },
  toPlane(phi, theta, out) {
    // The far half of the sphere has no image.
    const sine = Math.sin(theta * DEGREE);
    const r = sine > 0 ? Math.cos(theta * DEGREE) / sine / DEGREE : Number.NaN;
    set(out, r * Math.sin(phi * DEGREE), -r * Math.cos(phi * DEGREE));
  },
};

/** Slant orthographic, section 5.1.5. @param xi @param eta PV2_1 and PV2_2; 0 is the orthographic projection */
function sin(xi: number, eta: number): Projection {
  return {
    theta0: 90,
    toSphere(xDegrees, yDegrees, out) {
      const x = xDegrees * DEGREE;
      const y = yDegrees * DEGREE;
      // The quadratic of equation 56 solved for 1 - sin(theta), which keeps its digits near the centre.
      const c = x * x + y * y;
      const b = xi * x + eta * y + 1;
      const w = c / (b + Math.sqrt(b * b - (xi * xi + eta * eta + 1) * c));
      const theta = w >= 0 && w <= 2 ? 90 - (2 * Math.asin(Math.sqrt(w / 2))) / DEGREE : Number.NaN;
      set(out, Math.atan2(x - xi * w, -(y - eta * w)) / DEGREE, theta);
    },
    toPlane(phi, theta, out) {
      const sine = Math.sin(theta * DEGREE);
      const cosine = Math.cos(theta * DEGREE);
      // Seen from the slanted direction a little less or more than half of the sphere is in front.
      const front = sine - cosine * (xi * Math.sin(phi * DEGREE) - eta * Math.cos(phi * DEGREE));
      const r = front >= 0 ? 1 / DEGREE : Number.NaN;
      set(
        out,
        r * (cosine * Math.sin(phi * DEGREE) + xi * (1 - sine)),
        -r * (cosine * Math.cos(phi * DEGREE) - eta * (1 - sine)),
      );
    },
  };
}

/** Plate carrée, section 5.2.3. */
const car: Projection = {
  theta0: 0,
  toSphere(x, y, out) {
    // The sky ends after one turn, as wcslib has it; beyond, skyToPixel would not lead back.
    const inside = Math.abs(x) <= 180 + 1e-10 && Math.abs(y) <= 90 + 1e-10;
    set(out, x, inside ? y : Number.NaN);
  },
  toPlane: (phi, theta, out) => set(out, phi, theta),
};

/** Hammer-Aitoff, section 5.3.3. */
const ait: Projection = {
  theta0: 0,
  toSphere(x, y, out) {
    const z2 = 1 - ((x * DEGREE) / 4) ** 2 - ((y * DEGREE) / 2) ** 2;
    // Beyond this ellipse there is no sky.
    const z = z2 >= 0.5 - 1e-13 ? Math.sqrt(z2) : Number.NaN;
    const phi = (2 * Math.atan2((z * x * DEGREE) / 2, 2 * z2 - 1)) / DEGREE;
    set(out, phi, Math.asin(clamp(y * DEGREE * z)) / DEGREE);
  },
  toPlane(phi, theta, out) {
    const cosine = Math.cos(theta * DEGREE);
    const gamma = Math.sqrt(2 / (1 + cosine * Math.cos((phi * DEGREE) / 2))) / DEGREE;
    set(out, 2 * gamma * cosine * Math.sin((phi * DEGREE) / 2), gamma * Math.sin(theta * DEGREE));
  },
};

export function makeProjection(code: ProjectionCode, xi: number, eta: number): Projection {
  switch (code) {
    case "TAN":
      return tan;
    case "SIN":
      return sin(xi, eta);
    case "CAR":
      return car;
    case "AIT":
      return ait;
    default:
      return code satisfies never;
  }
}

function set(out: Float64Array, first: number, second: number): void {
  out[0] = first;
  out[1] = second;
}

function clamp(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
