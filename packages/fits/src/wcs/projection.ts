/**
 * Spherical projections between native coordinates (phi, theta) and the plane (x, y), all in degrees. Formulas:
 * Calabretta and Greisen (2002), A&A 395, 1077 ("paper II"), sections 5.1 to 5.3, but for HPX.
 */

const DEGREE = Math.PI / 180;

/** Each with the numbers m of the PV2_m (those of the axis of latitude) that it has. */
const PARAMETERS = {
  TAN: [],
  SIN: [1, 2],
  ZEA: [],
  ARC: [],
  STG: [],
  ZPN: Array.from({ length: 21 }, (_, m) => m),
  CAR: [],
  CEA: [1],
  CYP: [1, 2],
  MER: [],
  SFL: [],
  PAR: [],
  MOL: [],
  AIT: [],
  HPX: [1, 2],
} as const satisfies Readonly<Record<string, readonly number[]>>;
export type ProjectionCode = keyof typeof PARAMETERS;
export const PROJECTIONS = Object.keys(PARAMETERS).filter((code): code is ProjectionCode => code in PARAMETERS);

/** Which PV2_m a projection has. */
export function parametersOf(code: ProjectionCode): readonly number[] {
  return PARAMETERS[code];
}

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
    // Maps of the whole plane may begin anywhere and go on after one turn, where skyToPixel leads to the first.
    set(out, x, Math.abs(y) <= 90 + 1e-10 ? y : Number.NaN);
  },
  toPlane: (phi, theta, out) => set(out, phi, theta),
};

/** Zenithal projections with a radius of their own, sections 5.1.4 to 5.1.7: R in degrees of the distance from the pole. */
function zenithal(radius: (distance: number) => number, distance: (radius: number) => number): Projection {
  return {
    theta0: 90,
    toSphere(x, y, out) {
      set(out, Math.atan2(x, -y) / DEGREE, 90 - distance(Math.hypot(x, y)));
    },
    toPlane(phi, theta, out) {
      const r = radius(90 - theta);
      set(out, r * Math.sin(phi * DEGREE), -r * Math.cos(phi * DEGREE));
    },
  };
}

/** Equal area, section 5.1.7. */
const zea = zenithal(
  (distance) => (2 * Math.sin((distance / 2) * DEGREE)) / DEGREE,
  (radius) => (2 * Math.asin(radius * DEGREE > 2 && radius * DEGREE < 2 + 1e-12 ? 1 : (radius * DEGREE) / 2)) / DEGREE,
);

/** Equidistant, section 5.1.6. */
const arc = zenithal(
  (distance) => distance,
  (radius) => (radius <= 180 + 1e-10 ? radius : Number.NaN),
);

/** Stereographic, section 5.1.4. */
const stg = zenithal(
  (distance) => (distance < 180 ? (2 * Math.tan((distance / 2) * DEGREE)) / DEGREE : Number.NaN),
  (radius) => (2 * Math.atan((radius * DEGREE) / 2)) / DEGREE,
);

/**
 * Zenithal polynomial, section 5.1.8: the sky ends where the polynomial first turns.
 *
 * @param factors PV2_0 to PV2_20, of the powers of the distance from the pole in radians
 */
function zpn(factors: readonly number[]): Projection {
  const value = (distance: number) => factors.reduceRight((sum, factor) => sum * distance + factor, 0);
  const slopes = factors.slice(1).map((factor, m) => (m + 1) * factor);
  const slope = (distance: number) => slopes.reduceRight((sum, factor) => sum * distance + factor, 0);
  const step = Math.PI / 720;
  let end = step;
  while (end < Math.PI && slope(end) > 0) end += step;
  end = end >= Math.PI ? Math.PI : slope(end) > 0 ? end : findRoot(slope, end - step, end);
  const [least, most] = [value(0), value(end)];
  return zenithal(
    (distance) => (distance * DEGREE <= end + 1e-12 ? value(distance * DEGREE) / DEGREE : Number.NaN),
    (radius) => {
      const r = radius * DEGREE;
      if (!(r >= least - 1e-13 && r <= most + 1e-13)) return Number.NaN;
      return findRoot((distance) => value(distance) - r, 0, end) / DEGREE;
    },
  );
}

/** Where a function that changes its sign once between two places does so: the Illinois method. */
function findRoot(f: (x: number) => number, from: number, to: number): number {
  let [a, b] = [from, to];
  let [fa, fb] = [f(a), f(b)];
  if (Math.abs(fa) < 1e-16) return a;
  if (fa > 0 === fb > 0) return Math.abs(fa) < Math.abs(fb) ? a : b;
  for (let turn = 0; turn < 200 && Math.abs(b - a) > 1e-16; turn++) {
    const x = b - (fb * (b - a)) / (fb - fa);
    const fx = f(x);
    if (fx > 0 === fb > 0) fa /= 2;
    else [a, fa] = [b, fb];
    const before = b;
    [b, fb] = [x, fx];
    if (fb === 0 || Math.abs(b - before) < 1e-16) break;
  }
  return b;
}

/** Cylindrical perspective, section 5.2.1. @param mu PV2_1 @param lambda PV2_2 */
function cyp(mu: number, lambda: number): Projection {
  return {
    theta0: 0,
    toSphere(x, y, out) {
      const eta = (y * DEGREE) / (mu + lambda);
      const sine = (eta * mu) / Math.hypot(eta, 1);
      const phi = x / lambda;
      const theta = Math.abs(sine) <= 1 + 1e-13 ? (Math.atan(eta) + Math.asin(clamp(sine))) / DEGREE : Number.NaN;
      const inside = Math.abs(phi) <= 180 + 1e-10 && Math.abs(theta) <= 90 + 1e-10;
      set(out, phi, inside ? theta : Number.NaN);
    },
    toPlane(phi, theta, out) {
      const below = mu + Math.cos(theta * DEGREE);
      const y = below === 0 ? Number.NaN : ((mu + lambda) * Math.sin(theta * DEGREE)) / below / DEGREE;
      set(out, lambda * phi, y);
    },
  };
}

/** Mercator's, section 5.2.4. */
const mer: Projection = {
  theta0: 0,
  toSphere(x, y, out) {
    set(out, x, Math.abs(x) <= 180 + 1e-10 ? (2 * Math.atan(Math.exp(y * DEGREE))) / DEGREE - 90 : Number.NaN);
  },
  toPlane(phi, theta, out) {
    const inside = Math.abs(theta) < 90;
    set(out, phi, inside ? Math.log(Math.tan(((90 + theta) / 2) * DEGREE)) / DEGREE : Number.NaN);
  },
};

/** Parabolic, section 5.3.2. */
const par: Projection = {
  theta0: 0,
  toSphere(x, y, out) {
    const sine = y / 180;
    const width = 1 - 4 * sine * sine;
    const phi = width > 1e-15 ? x / width : x === 0 ? 0 : Number.NaN;
    const inside = Math.abs(sine) <= 0.5 + 1e-13 && Math.abs(phi) <= 180 + 1e-10;
    set(out, phi, inside ? (3 * Math.asin(clamp(sine))) / DEGREE : Number.NaN);
  },
  toPlane: (phi, theta, out) =>
    set(out, phi * (2 * Math.cos((2 * theta * DEGREE) / 3) - 1), 180 * Math.sin((theta * DEGREE) / 3)),
};

/** Mollweide's, section 5.3.4. */
const mol: Projection = {
  theta0: 0,
  toSphere(x, y, out) {
    const sine = (y * DEGREE) / Math.SQRT2;
    const cosine = Math.sqrt(Math.max(0, 1 - sine * sine));
    const phi = cosine > 1e-15 ? (Math.PI * x) / (2 * Math.SQRT2 * cosine) : x === 0 ? 0 : Number.NaN;
    const gamma = Math.asin(clamp(sine));
    const inside = Math.abs(sine) <= 1 + 1e-13 && Math.abs(phi) <= 180 + 1e-10;
    const theta = Math.asin(clamp((2 * gamma + Math.sin(2 * gamma)) / Math.PI)) / DEGREE;
    set(out, phi, inside ? theta : Number.NaN);
  },
  toPlane(phi, theta, out) {
    const wanted = Math.PI * Math.sin(theta * DEGREE);
    const gamma =
      Math.abs(theta) === 90
        ? (Math.sign(theta) * Math.PI) / 2
        : findRoot((g) => 2 * g + Math.sin(2 * g) - wanted, -Math.PI / 2, Math.PI / 2);
    set(out, ((2 * Math.SQRT2) / Math.PI) * phi * Math.cos(gamma), (Math.SQRT2 * Math.sin(gamma)) / DEGREE);
  },
};

/** Cylindrical equal area, section 5.2.2. @param lambda PV2_1, 1 where it is not written */
function cea(lambda: number): Projection {
  return {
    theta0: 0,
    toSphere(x, y, out) {
      const sine = y * lambda * DEGREE;
      const inside = Math.abs(x) <= 180 + 1e-10 && Math.abs(sine) <= 1 + 1e-13;
      set(out, x, inside ? Math.asin(clamp(sine)) / DEGREE : Number.NaN);
    },
    toPlane: (phi, theta, out) => set(out, phi, Math.sin(theta * DEGREE) / lambda / DEGREE),
  };
}

/**
 * Sanson-Flamsteed, section 5.3.1. @param shift latitude of y = 0; 0 but for GLS, an older name of it, in whose headers a
 * reference latitude moves the plane and does not turn the sky (section 6.1.4)
 */
function sfl(shift: number): Projection {
  return {
    theta0: 0,
    toSphere(x, y, out) {
      const theta = y + shift;
      const cosine = Math.cos(theta * DEGREE);
      const phi = cosine > 1e-15 ? x / cosine : x === 0 ? 0 : Number.NaN;
      const inside = Math.abs(theta) <= 90 + 1e-10 && Math.abs(phi) <= 180 + 1e-10;
      set(out, phi, inside ? theta : Number.NaN);
    },
    toPlane: (phi, theta, out) => set(out, phi * Math.cos(theta * DEGREE), theta - shift),
  };
}

/** HEALPix's own grid: Calabretta and Roukema (2007), MNRAS 381, 865. @param h @param k PV2_1 and PV2_2, 4 and 3 */
function hpx(h: number, k: number): Projection {
  const border = (90 * (k - 1)) / h;
  const facet = 180 / h;
  const centre = (phi: number, isNorth: boolean) => {
    const odd = k % 2 === 1 || isNorth ? 1 : 0;
    return -180 + (2 * Math.floor((phi + 180) / facet / 2 + (1 - odd) / 2) + odd) * facet;
  };
  return {
    theta0: 0,
    toSphere(x, y, out) {
      const latitude = Math.abs(y);
      if (!(Math.abs(x) <= 180 + 1e-10)) set(out, Number.NaN, Number.NaN);
      else if (latitude <= border) set(out, x, Math.asin((y * h) / (90 * k)) / DEGREE);
      else {
        const sigma = (k + 1) / 2 - latitude / facet;
        const middle = centre(x, y > 0);
        const away = sigma === 0 ? 0 : (x - middle) / sigma;
        const inside = sigma > -1e-12 && Math.abs(x - middle) <= sigma * facet + 1e-9;
        const sine = 1 - (sigma * sigma) / k;
        set(out, middle + away, inside ? (Math.sign(y) * Math.asin(clamp(sine))) / DEGREE : Number.NaN);
      }
    },
    toPlane(phi, theta, out) {
      const sine = Math.sin(theta * DEGREE);
      if (Math.abs(sine) <= (k - 1) / k) set(out, phi, ((90 * k) / h) * sine);
      else {
        const sigma = Math.sqrt(k * (1 - Math.abs(sine)));
        const middle = centre(phi === 180 ? phi - 1e-9 : phi, theta > 0);
        set(out, middle + (phi - middle) * sigma, Math.sign(theta) * facet * ((k + 1) / 2 - sigma));
      }
    },
  };
}

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

export interface ProjectionParameters {
  /** PV2_m, of the axis of latitude; undefined where it is not written. */
  readonly parameter: (m: number) => number | undefined;
  /** Latitude of y = 0, for GLS. */
  readonly shift: number;
}

export interface ParameterFault {
  /** Of PV2_m. */
  readonly m: number;
  readonly problem: string;
}

/** The first parameter with which nothing can be projected; undefined where all will do. wcslib refuses the same. */
export function parameterFault(
  code: ProjectionCode,
  parameter: ProjectionParameters["parameter"],
): ParameterFault | undefined {
  const [first, second] = [parameter(1), parameter(2)];
  const fault = (isFine: boolean, m: number, problem: string) => (isFine ? undefined : { m, problem });
  switch (code) {
    case "CEA":
      return fault((first ?? 1) > 0 && (first ?? 1) <= 1, 1, "it must be above 0 and at most 1");
    case "CYP":
      return (
        fault((second ?? 1) !== 0, 2, "it must not be 0") ??
        fault((first ?? 1) + (second ?? 1) !== 0, 1, "it and the parameter after it must not add up to 0")
      );
    case "HPX":
      return fault((first ?? 4) > 0, 1, "it must be above 0") ?? fault((second ?? 3) > 0, 2, "it must be above 0");
    case "ZPN": {
      const leading = parametersOf(code)
        .slice(1)
        .map(parameter)
        .find((factor) => factor !== undefined && factor !== 0);
      return fault((leading ?? 0) > 0, 1, "with these parameters the distance from the pole does not grow");
    }
    default:
      return undefined;
  }
}

export function makeProjection(code: ProjectionCode, { parameter, shift }: ProjectionParameters): Projection {
  const [first, second] = [parameter(1), parameter(2)];
  switch (code) {
    case "TAN":
      return tan;
    case "SIN":
      return sin(first ?? 0, second ?? 0);
    case "ZEA":
      return zea;
    case "ARC":
      return arc;
    case "STG":
      return stg;
    case "ZPN":
      return zpn(parametersOf(code).map((m) => parameter(m) ?? 0));
    case "CAR":
      return car;
    case "CEA":
      return cea(first ?? 1);
    case "CYP":
      return cyp(first ?? 1, second ?? 1);
    case "MER":
      return mer;
    case "SFL":
      return sfl(shift);
    case "PAR":
      return par;
    case "MOL":
      return mol;
    case "AIT":
      return ait;
    case "HPX":
      return hpx(first ?? 4, second ?? 3);
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
