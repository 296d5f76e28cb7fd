/** What mosaic compare says: who leads, which differences are real, and what is known of a pair. */
import { html } from "htm/preact";
import type { ModelPair, Verdicts } from "../../../wire/answers.ts";
import { drawIntervals, intervalsHeight } from "../../marks/intervals.ts";
import { drawMatrix, type MatrixCell, matrixHeight, matrixPlace } from "../../marks/matrix.ts";
import { Picture, type Pointer, type Surface } from "../../marks/picture.ts";
import { drawRanks, ranksHeight } from "../../marks/ranks.ts";
import { Answered, Message, useAnswer } from "../../parts/answer.ts";
import { Choice } from "../../parts/choice.ts";
import { numberText, runsText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";
import { ResultChoice } from "../result-choice.ts";
import { PairPanel } from "./pair-panel.ts";

/** More would be lines that nobody can read; the table of the command has all. */
const mostInPictures = 60;

export function VerdictsView({ board }: { readonly board: Board }) {
  const chosen = board.chosen.value;
  const result = board.result.value;
  const { data } = board.state.value;
  const key = JSON.stringify([chosen, result, data]);
  const answer = useAnswer(key, () => board.source.verdicts(chosen, result, data), board.slowVersion.value);
  const dataSets = answer.value?.dataSets ?? [];
  if (board.table.rows === 0) return html`<${Message}>There are no runs yet.<//>`;
  return html`<div class="tools"><${ResultChoice} board=${board} />
      ${
        dataSets.length > 1 &&
        html`<${Choice}
          label="Data set"
          value=${answer.value?.data ?? ""}
          options=${dataSets.map((name) => ({ value: name, text: name }))}
          onChoose=${(name: string) => board.update({ data: name, pair: null }, "push")}
        />`
      }
    </div>
    <${Answered} answer=${answer} what="the verdicts" show=${(verdicts: Verdicts) => html`<${Shown} board=${board} verdicts=${verdicts} />`} />`;
}

function Shown({ board, verdicts }: { readonly board: Board; readonly verdicts: Verdicts }) {
  const { sentence, notes, title, interval, pairs, criticalDifferences } = verdicts;
  const ranking = verdicts.ranking.slice(0, mostInPictures);
  const chosen = board.chosen.value;
  if (ranking.length === 0) return html`<${Message}>${sentence || "No model has a result yet."}<//>`;
  const labels = ranking.map(({ label }) => label);
  const asked = board.state.value.pair;
  const placeOf = (name: string | undefined) => ranking.findIndex((each) => each.name === name);
  const [one, other] = asked === null ? [0, 1] : [placeOf(asked[0]), placeOf(asked[1])];
  const choose = (row: number, column: number) => {
    const [first, second] = [ranking[row], ranking[column]];
    if (row !== column && first !== undefined && second !== undefined)
      board.update({ pair: [first.name, second.name] });
  };
  const placeUnder = ({ x, y }: Pointer, surface: Surface) => {
    const { left, top, size } = matrixPlace(surface, labels);
    const [row, column] = [Math.floor((y - top) / size), Math.floor((x - left) / size)];
    return row >= 0 && column >= 0 && row < labels.length && column < labels.length && row !== column
      ? ([row, column] as const)
      : undefined;
  };
  return html`<p class="verdict">${sentence}</p>
    ${chosen.ids !== "" && html`<p class="note">This is about the ${runsText(board.chosenRows.value.length)} selected alone.</p>`}
    ${notes.map((note) => html`<p key=${note} class="note">${note}</p>`)}
    <div class="panels verdicts">
      <section class="panel is-wide">
        <h2>Ranking</h2>
        <p class="note">Means of the ${title} with the ${interval}. Those in colour may still be the best.${verdicts.ranking.length > mostInPictures ? ` The first ${mostInPictures} of ${verdicts.ranking.length}.` : ""}</p>
        <${Picture}
          height=${intervalsHeight(ranking.length)}
          label=${`Ranking by ${title}: ${ranking.map(({ label, mean }) => `${label} ${mean === null ? "no result" : numberText(mean)}`).join(", ")}`}
          drawn=${[verdicts]}
          draw=${(surface: Surface) =>
            drawIntervals(
              surface,
              ranking.map(({ label, mean, low, high, n, failed, mayBeBest }) => ({
                label,
                mean,
                low,
                high,
                note: `${mean === null ? "" : numberText(mean)}  n = ${n}${failed > 0 ? `, ${failed} failed` : ""}`,
                isStrong: mayBeBest,
              })),
              { title, isLogarithmic: verdicts.scale === "log" },
            )}
        />
        <details>
          <summary>As a table</summary>
          <div class="scrolling" tabindex="0" role="region" aria-label="Ranking as a table">
            <table class="plain ranking">
              <thead><tr><th scope="col">model</th><th scope="col">mean</th><th scope="col">from</th><th scope="col">to</th><th scope="col">n</th><th scope="col">failed</th></tr></thead>
              <tbody>
                ${verdicts.ranking.map(
                  ({ name, mean, low, high, n, failed }) => html`<tr key=${name}>
                    <td class="is-name">${name}</td>
                    ${[mean, low, high].map((value) => html`<td class="is-number" data-value=${value ?? ""} title=${value === null ? undefined : String(value)}>${value === null ? "–" : numberText(value)}</td>`)}
                    <td class="is-number">${n}</td><td class="is-number">${failed}</td>
                  </tr>`,
                )}
              </tbody>
            </table>
          </div>
        </details>
      </section>
      ${
        ranking.length > 1 &&
        html`<section class="panel">
          <h2>Pairs</h2>
          <p class="note">The row compared with the column: <b>+</b> better, <b>−</b> worse, <b>=</b> the same in practice, <b>?</b> not decided. Press one to see it.</p>
          <${Picture}
            height=${matrixHeight(ranking.length, 420)}
            label=${`Matrix of pairs: ${pairs.length} pairs, of which ${pairs.filter(({ outcome }) => outcome !== "undecided").length} are decided`}
            drawn=${[verdicts, one, other]}
            draw=${(surface: Surface) => drawMatrix(surface, labels, (row, column) => cellOf(pairs, row, column), one >= 0 && other >= 0 ? [one, other] : undefined)}
            tipAt=${(pointer: Pointer, surface: Surface) => {
              const place = placeUnder(pointer, surface);
              const found = place === undefined ? undefined : pairOf(pairs, place[0], place[1]);
              return place === undefined || found === undefined
                ? undefined
                : { ...pointer, text: `${labels[found.one]} and ${labels[found.other]}:\n${found.text}` };
            }}
            onPress=${(pointer: Pointer, surface: Surface) => {
              const place = placeUnder(pointer, surface);
              if (place !== undefined) choose(place[0], place[1]);
            }}
          />
        </section>`
      }
      ${ranking.length > 1 && html`<${PairPanel} board=${board} verdicts=${verdicts} one=${one} other=${other} onChoose=${choose} />`}
      ${
        criticalDifferences !== null &&
        html`<section class="panel is-wide">
          <h2>Critical differences</h2>
          <p class="note">Mean ranks over ${criticalDifferences.blocks} blocks, the best on the left. Bars join models that cannot be told apart.</p>
          <${Picture}
            height=${ranksHeight(ranking.length, criticalDifferences.groups.length)}
            label=${`Mean ranks: ${ranking.map(({ label }, place) => `${label} ${numberText(criticalDifferences.ranks[place] ?? 0)}`).join(", ")}`}
            drawn=${[verdicts]}
            draw=${(surface: Surface) => drawRanks(surface, labels, criticalDifferences)}
          />
        </section>`
      }
    </div>`;
}

function pairOf(pairs: readonly ModelPair[], row: number, column: number): ModelPair | undefined {
  return pairs.find(({ one, other }) => (one === row && other === column) || (one === column && other === row));
}

function cellOf(pairs: readonly ModelPair[], row: number, column: number): MatrixCell | undefined {
  const found = row === column ? undefined : pairOf(pairs, row, column);
  if (found === undefined) return undefined;
  switch (found.outcome) {
    case "same":
      return { kind: "same", text: "=" };
    case "undecided":
      return { kind: "undecided", text: "?" };
    case "one":
    case "other": {
      const winner = found.outcome === "one" ? found.one : found.other;
      return winner === row ? { kind: "better", text: "+" } : { kind: "worse", text: "−" };
    }
    default:
      return found.outcome satisfies never;
  }
}
