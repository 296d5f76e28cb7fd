/** The end of a run's log, which grows while it runs. */
import { html } from "htm/preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Board, messageOf } from "../../state/board.ts";

/** More of it is in the file. */
const mostCharacters = 200_000;
const pollMilliseconds = 1000;

export function LogPanel({
  board,
  id,
  isRunning,
}: {
  readonly board: Board;
  readonly id: number;
  readonly isRunning: boolean;
}) {
  const [text, setText] = useState("");
  const [problem, setProblem] = useState("");
  const next = useRef(0);
  const element = useRef<HTMLPreElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const read = async () => {
      try {
        const part = await board.source.log(id, next.current);
        if (isOver) return;
        next.current = part.next;
        setProblem("");
        if (part.text !== "") setText((before) => (before + part.text).slice(-mostCharacters));
        if (part.next < part.size) {
          await read();
          return;
        }
      } catch (error) {
        setProblem(messageOf(error));
      }
      if (isRunning && !isOver) timer = setTimeout(() => void read(), pollMilliseconds);
    };
    void read();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [id, isRunning]);
  useLayoutEffect(() => {
    if (element.current !== null && isAtEnd.current) element.current.scrollTop = element.current.scrollHeight;
  }, [text]);
  const scrolled = () => {
    const shown = element.current;
    if (shown !== null) isAtEnd.current = shown.scrollTop + shown.clientHeight > shown.scrollHeight - 20;
  };
  if (problem !== "" && text === "") return html`<p class="note">${problem}</p>`;
  return html`<pre ref=${element} class="log" tabindex="0" aria-label="Log" onScroll=${scrolled}>${text === "" ? "It has said nothing." : text}</pre>`;
}
