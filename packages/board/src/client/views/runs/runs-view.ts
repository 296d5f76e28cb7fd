/** Every run with all that it was given and has reached. */
import { html } from "htm/preact";
import { Message } from "../../parts/answer.ts";
import type { Board } from "../../state/board.ts";
import { ColumnChooser } from "./column-chooser.ts";
import { CsvButtons } from "./csv-buttons.ts";
import { GroupTable } from "./group-table.ts";
import { RunGrid } from "./run-grid.ts";
import { columnNames } from "./table-columns.ts";

export function RunsView({ board }: { readonly board: Board }) {
  board.version.value;
  const experiment = board.experiment.value;
  const { state } = board;
  if (experiment === undefined) return null;
  if (board.table.rows === 0)
    return html`<${Message}>There are no runs yet. They appear here as soon as ${experiment.title} has some.<//>`;
  const names = columnNames(state.value, experiment);
  const { baseline, by } = state.value;
  const row = baseline === null ? -1 : board.table.rowOf(baseline);
  return html`<div class="runs">
    <div class="tools">
      ${by.length === 0 && html`<${ColumnChooser} board=${board} names=${names} />`}
      ${by.length === 0 && html`<${CsvButtons} board=${board} names=${names} />`}
      ${
        baseline !== null &&
        html`<p class="note">
          Differences are to run ${baseline}${row < 0 ? ", which is not there" : ""}${row >= 0 ? `, ${board.label(baseline)}` : ""}.
          <button type="button" onClick=${() => board.update({ baseline: null }, "push")}>No baseline</button>
        </p>`
      }
    </div>
    ${by.length > 0 ? html`<${GroupTable} board=${board} />` : html`<${RunGrid} board=${board} names=${names} />`}
  </div>`;
}
