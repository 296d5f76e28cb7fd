/** What is called before and after a module's `forward`, in the order of registration. */
import type { Module } from "./module.ts";

/** May give other inputs: a list of them, or one. */
export type ForwardPreHook = (module: Module, inputs: readonly unknown[]) => unknown;
/** May give another output. */
export type ForwardHook = (module: Module, inputs: readonly unknown[], output: unknown) => unknown;

export interface HookHandle {
  remove(): void;
}

interface Hooks {
  readonly before: Set<ForwardPreHook>;
  readonly after: Set<ForwardHook>;
}

const hooks = new WeakMap<Module, Hooks>();

function hooksOf(module: Module): Hooks {
  const known = hooks.get(module) ?? { before: new Set(), after: new Set() };
  hooks.set(module, known);
  return known;
}

function added<H>(set: Set<H>, hook: H): HookHandle {
  set.add(hook);
  return { remove: () => void set.delete(hook) };
}

export function addForwardPreHook(module: Module, hook: ForwardPreHook): HookHandle {
  return added(hooksOf(module).before, hook);
}

export function addForwardHook(module: Module, hook: ForwardHook): HookHandle {
  return added(hooksOf(module).after, hook);
}

/** Calls `forward` with the hooks around it. */
export function withHooks(
  module: Module,
  forward: (inputs: readonly unknown[]) => unknown,
  inputs: readonly unknown[],
): unknown {
  const own = hooks.get(module);
  if (own === undefined) return forward(inputs);
  let given = inputs;
  for (const hook of own.before) {
    const other = hook(module, given);
    if (other !== undefined) given = Array.isArray(other) ? other : [other];
  }
  let output = forward(given);
  for (const hook of own.after) output = hook(module, given, output) ?? output;
  return output;
}
