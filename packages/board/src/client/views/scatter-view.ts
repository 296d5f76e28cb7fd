/** Any two quantities of runs, coloured by a third. */
import { html } from "htm/preact";
import type { ColumnData } from "../../wire/columns.ts";
import { Message } from "../parts/answer.ts";
import { Choice } from "../parts/choice.ts";
import type { Board } from "../state/board.ts";
import { PointPicture } from "./point-picture.ts";

export function ScatterView({ board }: { readonly board: Board }) {
  const columns = [...board.columns.value.values()];
  const { x, y, color } = board.state.value;
  const result = board.result.value;
  const otherResult = columns.find(
    ({ name, role, type, varies }) => role === "result" && type === "number" && varies && name !== result,
  );
  const numbers = board.options.value.filter(({ type }) => type === "number");
  // An option of one kind of model alone would leave the others out.
  const ofAll =
    numbers.find(({ name }) => isOfAll(board.table.filled(name))) ??
    (otherResult === undefined ? numbers[0] : undefined);
  const firstX = x ?? ofAll?.name ?? otherResult?.name ?? "id";
  const firstY = y ?? result;
  const shownColor = color ?? (board.columns.value.get("pipeline")?.varies === true ? "pipeline" : "-");
  if (board.table.rows === 0) return html`<${Message}>There are no runs yet.<//>`;
  const options = columns.map(({ name, title, role }) => ({
    value: name,
    text: role === "run" ? title : `${title} (${role})`,
  }));
  return html`<div class="tools">
      <${Choice} label="Across" value=${firstX} options=${options} onChoose=${(name: string) => board.update({ x: name }, "push")} />
      <${Choice} label="Up" value=${firstY} options=${options} onChoose=${(name: string) => board.update({ y: name }, "push")} />
      <${Choice}
        label="Colour"
        value=${shownColor}
        options=${[{ value: "-", text: "none" }, ...options]}
        onChoose=${(name: string) => board.update({ color: name }, "push")}
      />
    </div>
    <${PointPicture} board=${board} x=${firstX} y=${firstY} color=${shownColor === "-" ? null : shownColor} height=${500} rows=${board.chosenRows.value} />`;
}

function isOfAll(column: ColumnData | undefined): boolean {
  return column?.kind === "number" && !(column.missing?.includes(1) ?? false);
}
