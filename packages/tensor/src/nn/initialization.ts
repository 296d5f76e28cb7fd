/**
 * PyTorch's nn.init: another distribution for a parameter's first values, which are drawn when its model is initialised, or at
 * once from a generator that is given.
 *
 * @example
 * nn.init.kaimingNormal(layer.weight, { nonlinearity: "relu" });
 * model.initialize(new Generator(0));
 */
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import type { Generator } from "../random/generator.ts";
import { type Shape, showShape, sizeOf } from "../shape.ts";
import type { Initializer, Parameter } from "../variable.ts";

export interface InitOptions {
  /** Draws at once from it; without it the values are drawn when the model is initialised, or first needed. */
  readonly generator?: Generator;
}

export type Nonlinearity =
  | "linear"
  | "conv1d"
  | "conv2d"
  | "convTranspose1d"
  | "convTranspose2d"
  | "sigmoid"
  | "tanh"
  | "relu"
  | "leakyRelu"
  | "selu";

function use(parameter: Parameter, initializer: Initializer, { generator }: InitOptions): Parameter {
  parameter.initializer = initializer;
  if (generator !== undefined) parameter.initialize(generator);
  return parameter;
}

/** Draws each element from the generator. */
function drawing(draw: (generator: Generator) => number): Initializer {
  return (shape, generator) => Float32Array.from({ length: sizeOf(shape) }, () => draw(generator));
}

/** Uniform in [a, b). */
export function uniform(
  parameter: Parameter,
  { a = 0, b = 1, ...options }: InitOptions & { readonly a?: number; readonly b?: number } = {},
): Parameter {
  return use(
    parameter,
    drawing((generator) => generator.uniform(a, b)),
    options,
  );
}

export function normal(
  parameter: Parameter,
  { mean = 0, std = 1, ...options }: InitOptions & { readonly mean?: number; readonly std?: number } = {},
): Parameter {
  return use(
    parameter,
    drawing((generator) => generator.normal(mean, std)),
    options,
  );
}

/** Normal within [a, b]: what falls outside is drawn again. */
export function truncNormal(
  parameter: Parameter,
  {
    mean = 0,
    std = 1,
    a = -2,
    b = 2,
    ...options
  }: InitOptions & { readonly mean?: number; readonly std?: number; readonly a?: number; readonly b?: number } = {},
): Parameter {
  if (!(std > 0 && a < b && a - 5 * std < mean && mean < b + 5 * std)) {
    throw new TensorError(
      "TENSOR_VALUE",
      `truncNormal: between ${a} and ${b} hardly anything of mean ${mean} and deviation ${std} lies`,
    );
  }
  const draw = (generator: Generator): number => {
    for (;;) {
      const value = generator.normal(mean, std);
      if (value >= a && value <= b) return value;
    }
  };
  return use(parameter, drawing(draw), options);
}

export function constant(parameter: Parameter, value: number): Parameter {
  return use(parameter, (shape) => new Float32Array(sizeOf(shape)).fill(value), {});
}

export function ones(parameter: Parameter): Parameter {
  return constant(parameter, 1);
}

export function zeros(parameter: Parameter): Parameter {
  return constant(parameter, 0);
}

/** The identity matrix, also where it is not square. */
export function eye(parameter: Parameter): Parameter {
  const [rows = 0, columns = 0] = matrixShape("eye", parameter);
  return use(
    parameter,
    () => Float32Array.from({ length: rows * columns }, (_, at) => Number(Math.floor(at / columns) === at % columns)),
    {},
  );
}

/** Uniform, with a variance of gain^2 2 / (fan in + fan out): Glorot's. */
export function xavierUniform(
  parameter: Parameter,
  { gain = 1, ...options }: InitOptions & { readonly gain?: number } = {},
): Parameter {
  const bound = Math.sqrt(3) * glorot("xavierUniform", parameter, gain);
  return uniform(parameter, { a: -bound, b: bound, ...options });
}

/** Normal, with a variance of gain^2 2 / (fan in + fan out). */
export function xavierNormal(
  parameter: Parameter,
  { gain = 1, ...options }: InitOptions & { readonly gain?: number } = {},
): Parameter {
  return normal(parameter, { std: glorot("xavierNormal", parameter, gain), ...options });
}

export interface KaimingOptions extends InitOptions {
  /** Slope below 0 of leakyRelu. */
  readonly a?: number;
  readonly mode?: "fanIn" | "fanOut";
  /** What follows. */
  readonly nonlinearity?: Nonlinearity;
}

/** Uniform, with a variance of gain^2 / fan: He's. */
export function kaimingUniform(parameter: Parameter, options: KaimingOptions = {}): Parameter {
  const bound = Math.sqrt(3) * he("kaimingUniform", parameter, options);
  return uniform(parameter, { a: -bound, b: bound, ...drawnFrom(options) });
}

/** Normal, with a variance of gain^2 / fan. */
export function kaimingNormal(parameter: Parameter, options: KaimingOptions = {}): Parameter {
  return normal(parameter, { std: he("kaimingNormal", parameter, options), ...drawnFrom(options) });
}

/** Rows, or where there are more rows than columns columns, that are orthogonal, of length `gain` (Saxe et al. 2013). */
export function orthogonal(
  parameter: Parameter,
  { gain = 1, ...options }: InitOptions & { readonly gain?: number } = {},
): Parameter {
  const [rows = 0, columns = 0] = flatShape("orthogonal", parameter);
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const initializer: Initializer = (_shape, generator) => {
    const vectors: Float64Array[] = [];
    while (vectors.length < count) {
      const vector = Float64Array.from({ length }, () => generator.normal());
      // Twice, which makes up for what rounding leaves.
      for (const other of [...vectors, ...vectors]) {
        const share = dot(vector, other);
        for (const [index, value] of other.entries()) vector[index] = elementAt(vector, index) - share * value;
      }
      const size = Math.sqrt(dot(vector, vector));
      vectors.push(vector.map((value) => value / size));
    }
    return Float32Array.from({ length: rows * columns }, (_, at) => {
      const [row, column] = [Math.floor(at / columns), at % columns];
      return gain * (rows <= columns ? valueAt(vectors, row, column) : valueAt(vectors, column, row));
    });
  };
  return use(parameter, initializer, options);
}

/** How much the standard deviation has to grow for a nonlinearity to leave it as it is. */
export function calculateGain(nonlinearity: Nonlinearity, slope = 0.01): number {
  switch (nonlinearity) {
    case "tanh":
      return 5 / 3;
    case "relu":
      return Math.SQRT2;
    case "leakyRelu":
      return Math.sqrt(2 / (1 + slope ** 2));
    case "selu":
      return 3 / 4;
    case "linear":
    case "conv1d":
    case "conv2d":
    case "convTranspose1d":
    case "convTranspose2d":
    case "sigmoid":
      return 1;
    default:
      nonlinearity satisfies never;
      throw new TensorError("TENSOR_VALUE", `calculateGain: there is no gain for ${String(nonlinearity)}`);
  }
}

function drawnFrom({ generator }: InitOptions): InitOptions {
  return generator === undefined ? {} : { generator };
}

function glorot(name: string, parameter: Parameter, gain: number): number {
  const { fanIn, fanOut } = fansOf(name, parameter);
  return gain * Math.sqrt(2 / (fanIn + fanOut));
}

function he(
  name: string,
  parameter: Parameter,
  { a = 0, mode = "fanIn", nonlinearity = "leakyRelu" }: KaimingOptions,
): number {
  if (mode !== "fanIn" && mode !== "fanOut")
    throw new TensorError("TENSOR_VALUE", `${name}: mode is ${String(mode)}; it must be "fanIn" or "fanOut"`);
  return calculateGain(nonlinearity, a) / Math.sqrt(fansOf(name, parameter)[mode]);
}

/** How many numbers enter, and leave, a sum: [out, in, ...places]. */
function fansOf(name: string, { shape }: Parameter): { readonly fanIn: number; readonly fanOut: number } {
  const [out, into, ...places] = shape;
  if (out === undefined || into === undefined)
    throw new TensorError("TENSOR_SHAPE", `${name}: a parameter ${showShape(shape)} must have 2 axes or more`);
  return { fanIn: into * sizeOf(places), fanOut: out * sizeOf(places) };
}

function matrixShape(name: string, { shape }: Parameter): Shape {
  if (shape.length === 2) return shape;
  throw new TensorError("TENSOR_SHAPE", `${name}: a parameter ${showShape(shape)} must have 2 axes`);
}

/** As a matrix: the first axis, and all others. */
function flatShape(name: string, parameter: Parameter): Shape {
  const { fanIn } = fansOf(name, parameter);
  return [elementAt(parameter.shape, 0), fanIn];
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, index) => sum + value * elementAt(b, index), 0);
}

function valueAt(vectors: readonly Float64Array[], vector: number, element: number): number {
  return elementAt(elementAt(vectors, vector), element);
}
