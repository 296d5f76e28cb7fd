import { wholeText } from "@ml-mosaic/base";
import type { DType } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { TensorError } from "../errors.ts";
import { type Shape, showShape } from "../shape.ts";
import { input, Tensor } from "../tensor.ts";
import { observeForward } from "./forward.ts";
import { switchToEvaluation } from "./modes.ts";
import type { Module } from "./module.ts";

/** One module as it was called. */
export interface LayerSummary {
  /** "" for the model itself. */
  readonly path: string;
  readonly className: string;
  /** Path from the module that it is inside of. */
  readonly name: string;
  /** Number of modules that it is inside of. */
  readonly depth: number;
  /** Undefined where forward returns no single tensor, or was not called. */
  readonly outputShape: Shape | undefined;
  /** Trainable numbers of its own, without those of inner modules. */
  readonly ownParameters: number;
  readonly ownFrozenParameters: number;
  /** Trainable numbers, inner modules included. */
  readonly parameters: number;
  readonly frozenParameters: number;
  /** Multiplications and additions of products of matrices and convolutions, for the whole batch, calls added up. */
  readonly multiplyAdds: number;
}

/** Traces the model with an input of this shape and reports every module in the order of their fields. */
export function summarize(model: Module, inputShape: Shape, dtype: DType): readonly LayerSummary[] {
  const forward: unknown = Reflect.get(model, "forward");
  if (typeof forward !== "function")
    throw new TensorError("TENSOR_VALUE", `${model.constructor.name} has no method forward`);
  const outputs = new Map<Module, unknown>();
  const costs = new Map<Module, number>();
  const restore = switchToEvaluation(model);
  try {
    observeForward(
      (module, inputs, output) => {
        outputs.set(module, output);
        costs.set(module, (costs.get(module) ?? 0) + costBetween(inputs, output));
      },
      () => Reflect.apply(forward, model, [input("input", inputShape, dtype)]),
    );
  } finally {
    restore();
  }
  const paths = Array.from(model.namedModules(), ([path]) => path);
  return Array.from(model.namedModules(), ([path, module]) => {
    const around = paths.filter((other) => path !== "" && (other === "" || path.startsWith(`${other}.`)));
    const nearest = around.at(-1) ?? "";
    const output = outputs.get(module);
    const parameters = module.parameters();
    const inner = new Set(Array.from(module.namedChildren(), ([, child]) => child.parameters()).flat());
    const count = (list: typeof parameters) => list.reduce((sum, { numel }) => sum + numel, 0);
    const trained = parameters.filter(({ requiresGrad }) => requiresGrad);
    const own = parameters.filter((parameter) => !inner.has(parameter));
    return {
      path,
      className: module.constructor.name,
      name: nearest === "" ? path : path.slice(nearest.length + 1),
      depth: around.length,
      outputShape: output instanceof Tensor ? output.shape : undefined,
      ownParameters: count(own.filter(({ requiresGrad }) => requiresGrad)),
      ownFrozenParameters: count(own.filter(({ requiresGrad }) => !requiresGrad)),
      parameters: count(trained),
      frozenParameters: count(parameters) - count(trained),
      multiplyAdds: costs.get(module) ?? 0,
    };
  });
}

/** Multiply-adds of everything that was built from the inputs up to the output. */
function costBetween(inputs: readonly unknown[], output: unknown): number {
  const seen = new Set<unknown>(inputs);
  const waiting = tensorsIn(output);
  let cost = 0;
  for (let tensor = waiting.pop(); tensor !== undefined; tensor = waiting.pop()) {
    if (seen.has(tensor)) continue;
    seen.add(tensor);
    cost += tensor.op?.cost?.(tensor.inputs, tensor.attributes, tensor) ?? 0;
    waiting.push(...tensor.inputs);
  }
  return cost;
}

/** A module may return one tensor, or an object or array of them. */
function tensorsIn(output: unknown): Tensor[] {
  if (output instanceof Tensor) return [output];
  return typeof output === "object" && output !== null
    ? Object.values(output).filter((value) => value instanceof Tensor)
    : [];
}

/** The summary as a table, inner modules indented, frozen parameters in parentheses. */
export function summaryText(layers: readonly LayerSummary[]): string {
  const header = ["layer", "output", "parameters", "multiply-adds"];
  const parametersText = (own: number, frozen: number) =>
    [own > 0 ? wholeText(own) : "", frozen > 0 ? `(${wholeText(frozen)})` : ""].filter((text) => text !== "").join(" ");
  const rows = layers.map(
    ({ name, className, depth, outputShape, ownParameters, ownFrozenParameters, multiplyAdds }) => [
      `${"  ".repeat(depth)}${name === "" ? className : `${name} (${className})`}`,
      outputShape === undefined ? "" : showShape(outputShape),
      parametersText(ownParameters, ownFrozenParameters),
      multiplyAdds === 0 ? "" : wholeText(multiplyAdds),
    ],
  );
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => elementAt(row, column).length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column < 2 ? cell.padEnd(elementAt(widths, column)) : cell.padStart(elementAt(widths, column)),
      )
      .join("  ")
      .trimEnd();
  const total = elementAt(layers, 0);
  const frozen = total.frozenParameters === 0 ? "" : `, ${wholeText(total.frozenParameters)} frozen`;
  return [
    line(header),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map(line),
    `${wholeText(total.parameters)} trainable parameters${frozen}, ${wholeText(total.multiplyAdds)} multiply-adds`,
  ].join("\n");
}
