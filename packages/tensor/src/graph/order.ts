import type { Tensor } from "../tensor.ts";

/** Everything that `outputs` depend on, inputs before what uses them. Iterative: graphs may be deep. */
export function topologicalOrder(outputs: readonly Tensor[]): readonly Tensor[] {
  const order: Tensor[] = [];
  const state = new Map<Tensor, "open" | "done">();
  const stack: Tensor[] = [...outputs].reverse();
  for (let tensor = stack.at(-1); tensor !== undefined; tensor = stack.at(-1)) {
    const seen = state.get(tensor);
    if (seen === undefined) {
      state.set(tensor, "open");
      for (const input of tensor.inputs.toReversed()) if (!state.has(input)) stack.push(input);
    } else {
      stack.pop();
      if (seen === "open") {
        state.set(tensor, "done");
        order.push(tensor);
      }
    }
  }
  return order;
}
