/** The status of a run, or of several: what a process that has ended was at is not running. */
import { html } from "htm/preact";
import type { Board } from "../state/board.ts";

const inCounts: Readonly<Record<string, string>> = { error: "failed" };

/** No component: tables have a thousand of them. */
export function statusMark(board: Board, status: string) {
  const isLeft = status === "running" && board.isAbandoned.value;
  const text = isLeft ? "running when it ended" : status;
  return html`<span class=${`status is-${isLeft ? "left" : status}`} title=${isLeft ? text : undefined}>${text}</span>`;
}

/** In the words of `mosaic status` for how many there are. */
export function countedMark(board: Board, status: string) {
  const word = inCounts[status];
  return word === undefined ? statusMark(board, status) : html`<span class=${`status is-${status}`}>${word}</span>`;
}
