/** Every call of a module's `forward` passes through here: errors get the module's path, and observers see the call. */
import { TensorError } from "../errors.ts";
import { withHooks } from "./hooks.ts";
import type { Module } from "./module.ts";

export type ForwardObserver = (module: Module, inputs: readonly unknown[], output: unknown) => void;

/** Modules whose forward is running, the outermost first. */
const calls: Module[] = [];
const located = new WeakSet<TensorError>();
let observer: ForwardObserver | undefined;

/** Calls `forward` of a module. An error in a shape or a value is thrown anew with the path of the module it arose in. */
export function callForward(
  module: Module,
  forward: (...inputs: unknown[]) => unknown,
  inputs: readonly unknown[],
): unknown {
  calls.push(module);
  try {
    const output = withHooks(module, (given) => forward.apply(module, [...given]), inputs);
    observer?.(module, inputs, output);
    return output;
  } catch (error) {
    if (!(error instanceof TensorError) || located.has(error)) throw error;
    const named = locate(error);
    located.add(named);
    throw named;
  } finally {
    calls.pop();
  }
}

/** The error with its place: `encoder.blocks.2.conv1 (Conv2d): …`. Of a module that was called alone, its class. */
function locate(error: TensorError): TensorError {
  const [root] = calls;
  const innermost = calls.at(-1);
  if (root === undefined || innermost === undefined) return error;
  const path = [...root.namedModules()].find(([, each]) => each === innermost)?.[0] ?? "";
  const name = innermost.constructor.name;
  return new TensorError(error.code, `${path === "" ? name : `${path} (${name})`}: ${error.message}`, { cause: error });
}

/** Shows `watch` every call of a forward that ends well while `run` runs, inner ones before the outer. */
export function observeForward<T>(watch: ForwardObserver, run: () => T): T {
  const before = observer;
  observer = watch;
  try {
    return run();
  } finally {
    observer = before;
  }
}
