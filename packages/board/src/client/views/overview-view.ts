/** How the experiment stands: what is done, what is known by now, what is running. */
import { html } from "htm/preact";
import type { Verdicts } from "../../wire/answers.ts";
import { Answered, Message, useAnswer } from "../parts/answer.ts";
import { durationText, numberText, runsText, wholeText } from "../parts/number-text.ts";
import { RunLink } from "../parts/run-link.ts";
import { countedMark } from "../parts/status-mark.ts";
import type { Board } from "../state/board.ts";
import { RunControl } from "./control.ts";
import { Sparkline } from "./curves/sparkline.ts";
import { ResultChoice } from "./result-choice.ts";

const order = ["done", "running", "error", "paused", "pending"];
const mostSparks = 24;

export function OverviewView({ board }: { readonly board: Board }) {
  const experiment = board.experiment.value;
  board.version.value;
  if (experiment === undefined) return null;
  if (experiment.runs === 0)
    return html`<${Message}>There are no runs yet. Start some with mosaic run; they appear here by themselves.<//>`;
  const { counts, runs, standing, secondsLeft, mayControl } = experiment;
  const known = [...order, ...Object.keys(counts).filter((status) => !order.includes(status))];
  const shown = known.filter((status) => (counts[status] ?? 0) > 0);
  return html`<div class="panels">
    <section class="panel is-wide">
      <div class="numbers">
        <p><b>${wholeText(runs)}</b> ${runs === 1 ? "run" : "runs"}</p>
        ${shown.map((status) => html`<p key=${status}><b data-count=${status}>${wholeText(counts[status] ?? 0)}</b>${countedMark(board, status)}</p>`)}
        ${secondsLeft !== null && (counts.running ?? 0) > 0 && html`<p><b>${durationText(secondsLeft)}</b> left</p>`}
      </div>
      <div class="bar" aria-hidden="true">
        ${shown.map((status) => html`<span key=${status} class=${status === "running" && board.isAbandoned.value ? "is-left" : `is-${status}`} style=${{ width: `${(100 * (counts[status] ?? 0)) / Math.max(1, runs)}%` }}></span>`)}
      </div>
      ${
        board.isAbandoned.value &&
        html`<p class="note" data-standing=${standing.state}>
          The experiment has ${standing.text}. All results so far are stored.${standing.goOn !== null && html` To go on: <code>${standing.goOn}</code>`}
        </p>`
      }
      ${
        mayControl &&
        html`<div class="tools"><${RunControl} board=${board} ids="" actions=${["pause", "resume", "stop"]} /></div>`
      }
    </section>
    <section class="panel is-wide">
      <${ResultChoice} board=${board} />
      <${Leading} board=${board} />
    </section>
    <${Running} board=${board} />
  </div>`;
}

function Leading({ board }: { readonly board: Board }) {
  const chosen = board.chosen.value;
  const result = board.result.value;
  const key = JSON.stringify([chosen, result]);
  const answer = useAnswer(key, () => board.source.verdicts(chosen, result, null), board.slowVersion.value);
  const show = ({ sentence, ranking, title }: Verdicts) => html`<p class="verdict">${sentence}</p>
    ${chosen.ids !== "" && html`<p class="note">This is about the ${runsText(board.chosenRows.value.length)} selected alone.</p>`}
    <ol class="leaders">
      ${ranking.slice(0, 5).map(
        ({ name, label, mean, low, high, n, failed }) => html`<li key=${name}>
          ${label}: <span data-value=${mean ?? ""} title=${mean === null ? undefined : String(mean)}>${mean === null ? "no result" : `${title} ${numberText(mean)}`}</span>
          <small> ${low === null || high === null ? "" : `[${numberText(low)}, ${numberText(high)}], `}n = ${n}${failed > 0 ? `, ${failed} failed` : ""}</small>
        </li>`,
      )}
    </ol>
    <p><a href=${board.address({ view: "verdicts" })}>All verdicts</a></p>`;
  return html`<${Answered} answer=${answer} what="the verdict" show=${show} />`;
}

function Running({ board }: { readonly board: Board }) {
  board.version.value;
  const { table } = board;
  const column = table.column("status");
  const running: number[] = [];
  if (column?.kind === "text")
    for (let row = 0; row < table.rows && running.length < mostSparks; row += 1)
      if (column.texts[column.codes[row] ?? 0] === "running") running.push(table.id(row));
  const all = board.experiment.value?.counts.running ?? running.length;
  if (running.length === 0) return null;
  return html`<section class="panel is-wide">
    <h2>${board.isAbandoned.value ? "Running when it ended" : "Running"}${all > running.length ? `, the first ${running.length} of ${wholeText(all)}` : ""}</h2>
    <div class="sparks">
      ${running.map(
        (id) => html`<div class="spark" key=${id}>
        <p><${RunLink} board=${board} run=${id} /> <small>${board.label(id)}</small></p>
        <${Sparkline} board=${board} run=${id} />
      </div>`,
      )}
    </div>
  </section>`;
}
