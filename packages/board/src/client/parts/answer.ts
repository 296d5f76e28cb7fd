/** Answers of the source as components show them: while they are waited for, when there is none, and kept while a newer one comes. */
import { html } from "htm/preact";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { LostError, RefusedError } from "../data/source.ts";
import { messageOf } from "../state/board.ts";

export interface Answer<Value> {
  readonly value: Value | undefined;
  readonly problem: string | undefined;
  /** Nothing has failed: there is just nothing to be said of the chosen runs. */
  readonly isRefused?: boolean;
  readonly isWaiting: boolean;
}

/** Asks again when the key changes, and lets answers of earlier keys go. */
export function useAnswer<Value>(key: string, ask: () => Promise<Value>): Answer<Value> {
  const [answer, setAnswer] = useState<Answer<Value>>({ value: undefined, problem: undefined, isWaiting: true });
  const latest = useRef("");
  useEffect(() => {
    latest.current = key;
    setAnswer((before) => ({ ...before, isWaiting: true }));
    ask().then(
      (value) => {
        if (latest.current === key) setAnswer({ value, problem: undefined, isWaiting: false });
      },
      (error: unknown) => {
        if (latest.current !== key) return;
        // What was shown stays: the page says by itself that the server has gone.
        setAnswer((before) => ({
          value: error instanceof LostError ? before.value : undefined,
          problem: messageOf(error),
          isRefused: error instanceof RefusedError,
          isWaiting: false,
        }));
      },
    );
  }, [key]);
  return answer;
}

export function Answered<Value>({
  answer,
  what,
  show,
}: {
  readonly answer: Answer<Value>;
  /** Such as "the curves". */
  readonly what: string;
  readonly show: (value: Value) => ComponentChildren;
}): VNode {
  const { value, problem, isRefused = false, isWaiting } = answer;
  if (value === undefined && problem !== undefined)
    return html`<${Message} kind=${isRefused ? "empty" : "problem"}>${problem}<//>` as VNode;
  if (value === undefined) return html`<${Message} kind="waiting">Reading ${what} …<//>` as VNode;
  return html`<div class=${isWaiting ? "answered is-waiting" : "answered"}>${show(value)}</div>` as VNode;
}

/** A sentence in the place of a view. */
export function Message({
  kind = "empty",
  children,
}: {
  readonly kind?: "empty" | "problem" | "waiting";
  readonly children?: ComponentChildren;
}) {
  return html`<p class="message is-${kind}" role=${kind === "problem" ? "alert" : "status"}>${children}</p>`;
}
