import type { DType, TypedArray } from "../dtype.ts";
import { TensorError } from "../errors.ts";
import { saveOnnx } from "../io/onnx-file.ts";
import { readSafetensors, type StateDict, writeSafetensors } from "../io/safetensors.ts";
import type { Generator } from "../random/generator.ts";
import { type Shape, sameShape, showShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { Buffer, Parameter, Variable } from "../variable.ts";
import { callForward } from "./forward.ts";
import { addForwardHook, addForwardPreHook, type ForwardHook, type ForwardPreHook, type HookHandle } from "./hooks.ts";
import { inEvaluation } from "./modes.ts";
import { summarize, summaryText } from "./summary.ts";

/** Something that turns one tensor into another: what `Sequential` strings together. */
export interface Layer extends Module {
  forward(input: Tensor): Tensor;
}

/**
 * A part of a model: its parameters, buffers and inner modules are the fields that hold them (arrays of them count
 * too), named by their path as in PyTorch, `layers.0.weight`. Subclasses write `forward`.
 *
 * @example
 * class Net extends nn.Module {
 *   readonly hidden = new nn.Linear(2, 8);
 *   readonly output = new nn.Linear(8, 1);
 *   forward(x: Tensor): Tensor {
 *     return this.output.forward(this.hidden.forward(x).relu());
 *   }
 * }
 */
export abstract class Module {
  /** Whether `forward` behaves as in training (dropout drops, running statistics move). */
  training = true;

  constructor() {
    const forward: unknown = Reflect.get(this, "forward");
    if (typeof forward !== "function") return;
    // In front of the class's own method, so that errors can say where in the model they arose.
    Object.defineProperty(this, "forward", {
      value: (...inputs: readonly unknown[]) =>
        callForward(this, (...each) => Reflect.apply(forward, this, each), inputs),
      configurable: true,
      writable: true,
    });
  }

  /** Inner modules by field name, in the order of the fields. */
  *namedChildren(): IterableIterator<[string, Module]> {
    for (const [name, value] of fieldsOf(this)) if (value instanceof Module) yield [name, value];
  }

  /** This module (path "") and all inner ones, each before those inside it; one that appears twice is named once. */
  *namedModules(prefix = "", seen = new Set<Module>()): IterableIterator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren())
      yield* child.namedModules(prefix === "" ? name : `${prefix}.${name}`, seen);
  }

  /**
   * A table of the layers with output shapes, parameters and multiply-adds.
   *
   * @param inputShape shape of the input, batch included
   */
  summary(inputShape: Shape, dtype: DType = "float32"): string {
    return summaryText(summarize(this, inputShape, dtype));
  }

  /**
   * Writes the module in evaluation mode as an ONNX file with its weights inside, which runs anywhere. Inputs are called
   * `input`, `input1`…, the output `output`; one that returns an object of tensors gives outputs of their names.
   *
   * @param exampleShapes shape of each input; the first size, the batch's, is left open
   */
  async saveOnnx(path: string, ...exampleShapes: readonly Shape[]): Promise<void> {
    const forward: unknown = Reflect.get(this, "forward");
    if (typeof forward !== "function")
      throw new TensorError("TENSOR_VALUE", `${this.constructor.name} has no method forward`);
    const inputs = exampleShapes.map((shape, index) => [index === 0 ? "input" : `input${index}`, { shape }] as const);
    await inEvaluation(this, () =>
      saveOnnx(path, {
        inputs: Object.fromEntries(inputs),
        build: (input) =>
          namedOutputs(
            this,
            Reflect.apply(
              forward,
              this,
              inputs.map(([name]) => input(name)),
            ),
          ),
        names: new Map(Array.from(this.namedVariables(), ([name, variable]) => [variable, name])),
      }),
    );
  }

  /**
   * Calls the hook whenever `forward` has computed: `hook(module, inputs, output)`. What it gives, other than undefined, is the
   * output instead. Called while a graph is built, once for each call of `forward`.
   */
  registerForwardHook(hook: ForwardHook): HookHandle {
    return addForwardHook(this, hook);
  }

  /** Calls the hook before `forward`: `hook(module, inputs)`. What it gives, other than undefined, are the inputs instead. */
  registerForwardPreHook(hook: ForwardPreHook): HookHandle {
    return addForwardPreHook(this, hook);
  }

  /** Every parameter and buffer by path; one that appears twice is named once, as in PyTorch. */
  *namedVariables(): IterableIterator<[string, Variable]> {
    for (const [variable, [path]] of pathsOf(this)) yield [path, variable];
  }

  *namedParameters(): IterableIterator<[string, Parameter]> {
    for (const [name, variable] of this.namedVariables()) if (variable instanceof Parameter) yield [name, variable];
  }

  *namedBuffers(): IterableIterator<[string, Buffer]> {
    for (const [name, variable] of this.namedVariables()) if (variable instanceof Buffer) yield [name, variable];
  }

  parameters(): Parameter[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /** Freezes all parameters: programs that are compiled from now on compute no gradients of them, and leave them as they are. */
  freeze(): this {
    return this.#requireGrad(false);
  }

  /** Has all parameters trained by the programs that are compiled from now on. */
  unfreeze(): this {
    return this.#requireGrad(true);
  }

  #requireGrad(requiresGrad: boolean): this {
    for (const parameter of this.parameters()) parameter.requiresGrad = requiresGrad;
    return this;
  }

  /** Switches this module and all inner ones to training. */
  train(mode = true): this {
    this.training = mode;
    for (const [, child] of this.namedChildren()) child.train(mode);
    return this;
  }

  /** Switches this module and all inner ones to evaluation. */
  eval(): this {
    return this.train(false);
  }

  /**
   * Draws first values for what has none yet. Each variable has a stream of its own, keyed by its path: another layer
   * more or less changes nothing for the others.
   */
  initialize(generator: Generator): this {
    for (const [path, variable] of this.namedVariables())
      if (!variable.initialized) variable.initialize(generator.stream(path));
    return this;
  }

  /** Copies of all values by path. */
  stateDict(): StateDict {
    return new Map(
      Array.from(this.namedVariables(), ([path, { value, shape, dtype }]) => [
        path,
        { data: value.slice(), shape, dtype },
      ]),
    );
  }

  /**
   * Takes over values by path; for what has several paths, PyTorch's files may name any or all of them.
   *
   * @throws TensorError that lists every missing, unexpected and misshapen entry; nothing is changed then
   */
  loadStateDict(state: StateDict, { strict = true }: { readonly strict?: boolean } = {}): void {
    const variables = pathsOf(this);
    const problems: string[] = [];
    const values: [Variable, TypedArray][] = [];
    for (const [variable, paths] of variables) {
      const { shape, dtype } = variable;
      const path = paths.find((each) => state.has(each)) ?? paths[0];
      const entry = state.get(path);
      if (entry === undefined) {
        if (strict) problems.push(`${path} ${showShape(shape)} is missing`);
      } else if (!sameShape(entry.shape, shape) || entry.dtype !== dtype) {
        problems.push(`${path} is ${entry.dtype} ${showShape(entry.shape)} there, ${dtype} ${showShape(shape)} here`);
      } else values.push([variable, entry.data.slice()]);
    }
    const known = new Set([...variables.values()].flat());
    if (strict) for (const path of state.keys()) if (!known.has(path)) problems.push(`${path} is not in this module`);
    if (problems.length > 0) {
      throw new TensorError(
        "TENSOR_FILE",
        `the state does not fit ${this.constructor.name}:\n  ${problems.join("\n  ")}`,
      );
    }
    for (const [variable, value] of values) variable.value = value;
  }

  /** Saves all values to `path` + ".safetensors", which PyTorch's safetensors reads. */
  async saveModel(path: string): Promise<void> {
    await writeSafetensors(`${path}.safetensors`, this.stateDict());
  }

  /** Loads what `saveModel` saved, or PyTorch's safetensors of a module with the same names. */
  async loadModel(path: string): Promise<void> {
    this.loadStateDict((await readSafetensors(`${path}.safetensors`)).tensors);
  }
}

type Paths = [first: string, ...others: string[]];

/** Every parameter and buffer with all of its paths, in the order of the fields. */
function pathsOf(module: Module, prefix = "", found = new Map<Variable, Paths>()): ReadonlyMap<Variable, Paths> {
  for (const [name, value] of fieldsOf(module)) {
    const path = `${prefix}${name}`;
    if (value instanceof Module) pathsOf(value, `${path}.`, found);
    else if (value instanceof Variable) {
      const paths = found.get(value);
      if (paths === undefined) found.set(value, [path]);
      else paths.push(path);
    }
  }
  return found;
}

function namedOutputs(module: Module, output: unknown): Readonly<Record<string, Tensor>> {
  if (output instanceof Tensor) return { output };
  const named = Object.entries(Object(output)).filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor);
  if (named.length === 0)
    throw new TensorError("TENSOR_VALUE", `forward of ${module.constructor.name} returned no tensor`);
  return Object.fromEntries(named);
}

/** Fields with arrays opened: `layers` holding two modules counts as `layers.0` and `layers.1`. */
function fieldsOf(owner: object): readonly (readonly [string, unknown])[] {
  const fields: readonly (readonly [string, unknown])[] = Object.entries(owner);
  if (!fields.some(([, value]) => Array.isArray(value))) return fields;
  return fields.flatMap(([name, value]) =>
    Array.isArray(value)
      ? fieldsOf(value).map(([index, element]) => [`${name}.${index}`, element] as const)
      : [[name, value] as const],
  );
}
