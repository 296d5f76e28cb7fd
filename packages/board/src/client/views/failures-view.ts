/** Errors, those of one kind together: by their first line and the place in the user's code. */
import { html } from "htm/preact";
import type { Failures } from "../../wire/answers.ts";
import { idRanges } from "../columns/id-ranges.ts";
import { Answered, Message, useAnswer } from "../parts/answer.ts";
import { runsText } from "../parts/number-text.ts";
import { RunLink } from "../parts/run-link.ts";
import type { Board } from "../state/board.ts";

const mostLinks = 20;

export function FailuresView({ board }: { readonly board: Board }) {
  const chosen = board.chosen.value;
  const key = JSON.stringify(chosen);
  const answer = useAnswer(key, () => board.source.failures(chosen), board.slowVersion.value);
  const show = ({ groups }: Failures) => {
    if (groups.length === 0)
      return html`<${Message}>No run${chosen.where === "" && chosen.ids === "" ? "" : " that is chosen"} has failed.<//>`;
    return html`<div class="panels">
      ${groups.map(
        ({ message, place, count, runs, example }) => html`<section class="panel is-wide" key=${`${message} ${place}`}>
          <h2>${message || "An error without a message"}</h2>
          <p class="note">${runsText(count)}${place === null ? "" : `, at ${place}`}</p>
          <p>
            ${runs.slice(0, mostLinks).map((run) => html`<${RunLink} key=${run} board=${board} run=${run} /> `)}
            ${count > mostLinks ? "…" : ""}
            <button type="button" onClick=${() => board.update({ view: "runs", selection: idRanges(runs) }, "push")}>
              ${count > runs.length ? `Select the first ${runs.length}` : count === 1 ? "Select it" : "Select them"}
            </button>
          </p>
          <details><summary>The whole error of run ${runs[0]}</summary><pre class="log">${example}</pre></details>
        </section>`,
      )}
    </div>`;
  };
  return html`<${Answered} answer=${answer} what="the errors" show=${show} />`;
}
