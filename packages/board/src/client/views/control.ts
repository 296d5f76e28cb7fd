/** Pausing, resuming, stopping and running again, where the board may: it says what will happen before it does. */
import { html } from "htm/preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { ControlAction, ControlPlan } from "../../wire/answers.ts";
import { type Board, messageOf } from "../state/board.ts";

const titles: Readonly<Record<ControlAction, string>> = {
  pause: "Pause",
  resume: "Resume",
  stop: "Stop",
  rerun: "Run again",
};

export function RunControl({
  board,
  ids,
  actions,
}: {
  readonly board: Board;
  readonly ids: string;
  readonly actions: readonly ControlAction[];
}) {
  const [asked, setAsked] = useState<{ readonly action: ControlAction; readonly plan: ControlPlan } | undefined>(
    undefined,
  );
  const [said, setSaid] = useState("");
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (asked !== undefined) dialog.current?.showModal();
  }, [asked]);
  if (board.experiment.value?.mayControl !== true) return null;
  const ask = async (action: ControlAction) => {
    setSaid("");
    try {
      setAsked({ action, plan: await board.source.plan(action, ids) });
    } catch (error) {
      setSaid(messageOf(error));
    }
  };
  const carryOut = async (action: ControlAction) => {
    setAsked(undefined);
    try {
      setSaid((await board.source.control(action, ids)).text);
    } catch (error) {
      setSaid(messageOf(error));
    }
  };
  return html`${actions.map((action) => html`<button key=${action} type="button" onClick=${() => ask(action)}>${titles[action]}</button>`)}
    <span role="status" class="note">${said}</span>
    ${
      asked !== undefined &&
      html`<dialog ref=${dialog} aria-label=${titles[asked.action]} onClose=${() => setAsked(undefined)}>
        <h2>${titles[asked.action]}</h2>
        <p>${asked.plan.text}</p>
        <p class="tools">
          ${asked.plan.isPossible && html`<button type="button" onClick=${() => carryOut(asked.action)}>${titles[asked.action]}</button>`}
          <button type="button" onClick=${() => setAsked(undefined)}>Leave it as it is</button>
        </p>
      </dialog>`
    }`;
}
