import type { Tensor } from "../tensor.ts";

/**
 * Everything that `outputs` depend on, inputs before what uses them. Iterative: graphs may be deep.
 *
 * @param known what is left out, with all that only it depends on
 */
export function topologicalOrder(
  outputs: readonly Tensor[],
  known: { has(tensor: Tensor): boolean } = new Set(),
): readonly Tensor[] {
  const order: Tensor[] = [];
  const state = new Map<Tensor, "open" | "done">();
  const stack = outputs.filter((output) => !known.has(output)).reverse();
  for (let tensor = stack.at(-1); tensor !== undefined; tensor = stack.at(-1)) {
    const seen = state.get(tensor);
    if (seen === undefined) {
      state.set(tensor, "open");
      for (let index = tensor.inputs.length - 1; index >= 0; index--) {
        const input = tensor.inputs[index];
        if (input !== undefined && !state.has(input) && !known.has(input)) stack.push(input);
      }
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
