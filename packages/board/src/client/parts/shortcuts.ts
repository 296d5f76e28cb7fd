/** The keyboard: what keys do anywhere on the page, and the list of them. */
import { signal } from "@preact/signals";
import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import type { Board } from "../state/board.ts";
import type { ViewName } from "../state/page-state.ts";

const isShown = signal(false);

const viewKeys: Readonly<Record<string, ViewName>> = {
  o: "overview",
  r: "runs",
  c: "curves",
  v: "verdicts",
  s: "space",
  p: "scatter",
  f: "failures",
  m: "maps",
};

const keys = [
  ["/", "write the filter"],
  ["o r c v s p f", "Overview, Runs, Curves, Verdicts, Space, Scatter (points), Failures"],
  ["↑ ↓ Page Home End", "move in the table of runs"],
  ["← →", "move between its columns"],
  ["Space", "select the run, or none; with Shift all from the last one on"],
  ["Enter", "open the run"],
  ["b", "make the run the baseline, or take it away"],
  ["Escape", "leave the filter; take brushes and selection away"],
  ["?", "this list"],
] as const;

export function listenToKeys(board: Board): void {
  addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const view = viewKeys[event.key];
    if (event.key === "/") document.getElementById("filter")?.focus();
    else if (event.key === "?") isShown.value = !isShown.value;
    else if (event.key === "Escape" && !isShown.value) board.update({ brushes: [], selection: "" }, "push");
    else if (view !== undefined) board.update({ view }, "push");
    else return;
    event.preventDefault();
  });
}

export function Shortcuts() {
  const dialog = useRef<HTMLDialogElement>(null);
  const shown = isShown.value;
  useEffect(() => {
    if (shown) dialog.current?.showModal();
    else dialog.current?.close();
  }, [shown]);
  const close = () => {
    isShown.value = false;
  };
  return html`<dialog ref=${dialog} class="shortcuts" aria-label="Keys" onClose=${close}>
    <h2>Keys</h2>
    <dl>${keys.map(([key, what]) => html`<dt key=${key}>${key}</dt><dd>${what}</dd>`)}</dl>
    <button type="button" onClick=${close}>Close</button>
  </dialog>`;
}
