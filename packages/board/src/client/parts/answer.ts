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

/** Of keys that follow each other faster, as under a brush that is being drawn, the last one is asked with. */
const restMilliseconds = 200;

/** What is live is asked for again when as much of the time has gone without as a tenth of it would be. */
const pause = 9;

interface Turn {
  /** Of the question that was asked last; of none when its answer came too late and was let go. */
  key: string | undefined;
  version: unknown;
  isAsking: boolean;
  hasAnswered: boolean;
  freeAt: number;
  givenKey: string;
  givenAt: number;
  isGone: boolean;
  /** Before this a new key is not asked with. */
  restsAt: number;
}

/**
 * Asks again when the key changes, one question after the other, and lets answers of earlier keys go. A new version of what
 * the key stands for is asked for so seldom that a server that takes long for it is mostly free.
 */
export function useAnswer<Value>(key: string, ask: () => Promise<Value>, version: unknown = 0): Answer<Value> {
  const [answer, setAnswer] = useState<Answer<Value>>({ value: undefined, problem: undefined, isWaiting: true });
  const latest = useRef({ key, version, ask });
  latest.current = { key, version, ask };
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const turn = useRef<Turn>({
    key: "",
    version: latest.current.version,
    isAsking: false,
    hasAnswered: false,
    freeAt: 0,
    isGone: false,
    givenKey: "",
    givenAt: Number.NEGATIVE_INFINITY,
    restsAt: 0,
  });
  const next = async () => {
    const [{ current }, asked] = [turn, latest.current];
    clearTimeout(timer.current);
    if (current.isAsking || current.isGone) return;
    if (asked.key === current.key && asked.version === current.version) {
      // Another key has waited for its turn meanwhile, and this one has its answer.
      if (current.hasAnswered) setAnswer((before) => (before.isWaiting ? { ...before, isWaiting: false } : before));
      return;
    }
    const begun = performance.now();
    const wait = asked.key === current.key ? current.freeAt - begun : current.restsAt - begun;
    if (wait > 0) {
      if (asked.key !== current.key)
        setAnswer((before) => (before.isWaiting ? before : { ...before, isWaiting: true }));
      timer.current = setTimeout(() => void next(), wait);
      return;
    }
    Object.assign(current, { key: asked.key, version: asked.version, isAsking: true });
    setAnswer((before) => ({ ...before, isWaiting: true }));
    const give = await given(asked.ask);
    const now = performance.now();
    const isWanted = latest.current.key === asked.key;
    Object.assign(current, { isAsking: false, hasAnswered: true, freeAt: now + pause * (now - begun) });
    if (!isWanted) current.key = undefined;
    else if (!current.isGone) setAnswer(give);
    await next();
  };
  useEffect(() => {
    const { current } = turn;
    if (key !== current.givenKey) {
      const now = performance.now();
      current.restsAt = now - current.givenAt < restMilliseconds ? now + restMilliseconds : 0;
      Object.assign(current, { givenKey: key, givenAt: now });
    }
    void next();
  }, [key, version]);
  useEffect(
    () => () => {
      turn.current.isGone = true;
      clearTimeout(timer.current);
    },
    [],
  );
  return answer;
}

async function given<Value>(ask: () => Promise<Value>): Promise<(before: Answer<Value>) => Answer<Value>> {
  try {
    const value = await ask();
    return () => ({ value, problem: undefined, isWaiting: false });
  } catch (error) {
    // What was shown stays: the page says by itself that the server has gone.
    return (before) => ({
      value: error instanceof LostError ? before.value : undefined,
      problem: messageOf(error),
      isRefused: error instanceof RefusedError,
      isWaiting: false,
    });
  }
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
