import type { Module } from "./module.ts";

/** Runs something with a module and all inner ones in evaluation mode; each has its own mode again afterwards. */
export async function inEvaluation<T>(module: Module, run: () => Promise<T>): Promise<T> {
  const restore = switchToEvaluation(module);
  try {
    return await run();
  } finally {
    restore();
  }
}

/** @returns gives each module its own mode back */
export function switchToEvaluation(module: Module): () => void {
  const modes = Array.from(module.namedModules(), ([, each]) => [each, each.training] as const);
  module.eval();
  return () => {
    for (const [each, mode] of modes) each.training = mode;
  };
}
