/** Curves over epochs or seconds: a line a run, or a band a group. */
import { html } from "htm/preact";
import { firstSeries, mostLines } from "../../../wire/curves.ts";
import { idRanges } from "../../columns/id-ranges.ts";
import { Message } from "../../parts/answer.ts";
import { Choice, ManyChoice } from "../../parts/choice.ts";
import { useSlow } from "../../parts/slow.ts";
import type { Board } from "../../state/board.ts";
import { LinePicture } from "./line-picture.ts";

const smoothings = [0, 0.5, 0.8, 0.9, 0.95, 0.99];

export function CurvesView({ board }: { readonly board: Board }) {
  const experiment = board.experiment.value;
  const { series: chosen, axis, isLogarithmic, smoothing, by } = board.state.value;
  const chosenRuns = board.chosenRows.value;
  // An export reads no conditions: it is asked for the runs themselves.
  const isLive = board.experiment.value?.isLive ?? true;
  const { where, ids } = isLive
    ? board.chosen.value
    : { where: "", ids: idRanges(Array.from(chosenRuns, (row) => board.table.id(row))) };
  const refresh = useSlow(board.slowVersion.value, 2000);
  if (experiment === undefined) return null;
  if (experiment.series.length === 0)
    return html`<${Message}>No run has an epoch yet. Curves appear with the first one.<//>`;
  if (board.table.rows === 0) return html`<${Message}>There are no runs yet.<//>`;
  if (chosenRuns.length === 0) return html`<${Message}>No run meets the filter.<//>`;
  const all = experiment.series.map(({ name }) => name);
  const series = (chosen ?? firstSeries(all)).filter((name) => all.includes(name));
  const query = { where, ids, by, series, x: axis, pixels: 900, most: mostLines };
  return html`<div class="tools">
      <${ManyChoice}
        label="Curves of"
        values=${series}
        options=${experiment.series.map(({ name, title }) => ({ value: name, text: title }))}
        onChoose=${(names: readonly string[]) => board.update({ series: names }, "push")}
      />
      <${Choice}
        label="Over"
        value=${axis}
        options=${[{ value: "epoch", text: "epochs" }, { value: "seconds", text: "seconds" }]}
        onChoose=${(value: string) => board.update({ axis: value === "seconds" ? "seconds" : "epoch" }, "push")}
      />
      <${Choice}
        label="Smoothing"
        value=${String(smoothing)}
        options=${smoothings.map((value) => ({ value: String(value), text: value === 0 ? "none" : String(value) }))}
        onChoose=${(value: string) => board.update({ smoothing: Number(value) }, "push")}
      />
      <${Choice}
        label="Scale"
        value=${isLogarithmic === null ? "auto" : isLogarithmic ? "log" : "linear"}
        options=${[
          { value: "auto", text: "by the values" },
          { value: "linear", text: "linear" },
          { value: "log", text: "logarithmic" },
        ]}
        onChoose=${(value: string) => board.update({ isLogarithmic: value === "auto" ? null : value === "log" }, "push")}
      />
    </div>
    ${
      series.length === 0
        ? html`<${Message}>Choose what to draw curves of.<//>`
        : html`<${LinePicture} board=${board} query=${query} isLogarithmic=${isLogarithmic} smoothing=${smoothing} height=${430} refresh=${refresh} />`
    }`;
}
