import { html } from "htm/preact";
import type { ComponentChildren } from "preact";
import type { Board } from "../state/board.ts";

/** A link to the page of a run. */
export function RunLink({
  board,
  run,
  children,
}: {
  readonly board: Board;
  readonly run: number;
  readonly children?: ComponentChildren;
}) {
  return html`<a
    href=${board.address({ view: "run", run })}
    onClick=${(event: MouseEvent) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      board.update({ view: "run", run }, "push");
    }}
    >${children ?? `run ${run}`}</a
  >`;
}
