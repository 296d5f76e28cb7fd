import { html } from "htm/preact";
import { Choice } from "../parts/choice.ts";
import type { Board } from "../state/board.ts";

/** By which result models are judged. */
export function ResultChoice({ board }: { readonly board: Board }) {
  const results = [...board.columns.value.values()].filter(({ role, type }) => role === "result" && type === "number");
  return html`<${Choice}
    label="Result"
    value=${board.result.value}
    options=${results.map(({ name, title, direction }) => ({ value: name, text: direction === undefined ? title : `${title} (${direction} is better)` }))}
    onChoose=${(result: string) => board.update({ result, pair: null }, "push")}
  />`;
}
