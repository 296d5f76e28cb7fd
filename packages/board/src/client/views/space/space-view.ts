/** The space of options: which of them matter, which runs are good in it, and what it costs. */
import { html } from "htm/preact";
import type { Importance } from "../../../wire/answers.ts";
import { drawIntervals, intervalsHeight } from "../../marks/intervals.ts";
import { Picture, type Surface } from "../../marks/picture.ts";
import { Answered, Message, useAnswer } from "../../parts/answer.ts";
import { Choice } from "../../parts/choice.ts";
import { useFirstPicture } from "../../parts/first-picture.ts";
import { numberText } from "../../parts/number-text.ts";
import { useSlow } from "../../parts/slow.ts";
import type { Board } from "../../state/board.ts";
import { PointPicture } from "../point-picture.ts";
import { ResultChoice } from "../result-choice.ts";
import { ParallelPicture } from "./parallel-picture.ts";
import { ParetoPanel } from "./pareto-panel.ts";

export function SpaceView({ board }: { readonly board: Board }) {
  const isFirstShown = useFirstPicture();
  if (board.table.rows === 0) return html`<${Message}>There are no runs yet.<//>`;
  return html`<div class="tools"><${ResultChoice} board=${board} /></div>
    <${ParallelPicture} board=${board} />
    ${isFirstShown && html`<${SpacePanels} board=${board} />`}`;
}

function SpacePanels({ board }: { readonly board: Board }) {
  const options = board.options.value;
  const result = board.result.value;
  const option = board.state.value.option ?? options[0]?.name;
  // Under a brush that moves, the lines do at once.
  const rows = useSlow(board.chosenRows.value, 150);
  return html`<div class="panels">
      <section class="panel">
        <h2>Importance of options</h2>
        <${ImportancePanel} board=${board} result=${result} />
      </section>
      <section class="panel">
        <h2>Slice</h2>
        ${
          option === undefined
            ? html`<${Message}>No option differs between runs.<//>`
            : html`<${Choice}
                  label="Option"
                  value=${option}
                  options=${options.map(({ name, title }) => ({ value: name, text: title }))}
                  onChoose=${(name: string) => board.update({ option: name }, "push")}
                />
                <${PointPicture} board=${board} x=${option} y=${result} color=${null} height=${300} rows=${rows} />`
        }
      </section>
      <${ParetoPanel} board=${board} />
    </div>`;
}

const mostRows = 20;

function ImportancePanel({ board, result }: { readonly board: Board; readonly result: string }) {
  const chosen = useSlow(board.chosen.value, 300);
  const key = JSON.stringify([chosen, result]);
  const answer = useAnswer(key, () => board.source.importance(chosen, result), board.slowVersion.value);
  const show = (importance: Importance) => {
    const rows = importance.rows.slice(0, mostRows);
    return html`<p class="note">${importance.text}</p>
      ${
        rows.length > 0 &&
        html`<${Picture}
          height=${intervalsHeight(rows.length)}
          label=${`Importance: ${rows.map(({ option, importance: share }) => `${option} ${numberText(share)}`).join(", ")}`}
          drawn=${[importance]}
          draw=${(surface: Surface) =>
            drawIntervals(
              surface,
              rows.map(({ option, importance: share, low = null, high = null }) => ({
                label: option,
                mean: share,
                low,
                high,
                note: numberText(Number(share.toPrecision(3))),
                isStrong: true,
              })),
              { title: `share of what ${board.title(result)} varies`, isLogarithmic: false, isBar: true },
            )}
        />`
      }`;
  };
  return html`<${Answered} answer=${answer} what="the importance" show=${show} />`;
}
