/** What no other model beats in both of two results, with intervals. */
import { html } from "htm/preact";
import { useRef } from "preact/hooks";
import type { Estimate, Pareto } from "../../../wire/answers.ts";
import { drawAxes } from "../../marks/axes.ts";
import { GridIndex } from "../../marks/grid-index.ts";
import { Picture, type Pointer, type Surface } from "../../marks/picture.ts";
import { extentOf, roomyScale } from "../../marks/scales.ts";
import { Answered, Message, useAnswer } from "../../parts/answer.ts";
import { Choice } from "../../parts/choice.ts";
import { numberText } from "../../parts/number-text.ts";
import { useSlow } from "../../parts/slow.ts";
import type { Board } from "../../state/board.ts";

export function ParetoPanel({ board }: { readonly board: Board }) {
  const results = [...board.columns.value.values()].filter(({ role, type }) => role === "result" && type === "number");
  const y = board.result.value;
  const other = results.find(({ name }) => name === "duration") ?? results.find(({ name }) => name !== y);
  const x =
    board.state.value.x !== null && results.some(({ name }) => name === board.state.value.x)
      ? board.state.value.x
      : other?.name;
  const chosen = useSlow(board.chosen.value, 300);
  const key = JSON.stringify([chosen, x, y]);
  const ask = async () => (x === undefined || x === null ? undefined : board.source.pareto(chosen, x, y));
  const answer = useAnswer(key, ask, board.slowVersion.value);
  const show = (pareto: Pareto) =>
    pareto.points.length === 0
      ? html`<${Message}>${pareto.text || "No model has both results yet."}<//>`
      : html`<p class="note">${pareto.text}</p>
          <${ParetoPicture} board=${board} pareto=${pareto} />`;
  return html`<section class="panel is-wide">
    <h2>Pareto front</h2>
    <${Choice}
      label=${`${board.title(y)} against`}
      value=${x ?? ""}
      options=${results.filter(({ name }) => name !== y).map(({ name, title }) => ({ value: name, text: title }))}
      onChoose=${(name: string) => board.update({ x: name }, "push")}
    />
    <${Answered} answer=${answer} what="the front" show=${show} />
  </section>`;
}

function ParetoPicture({ board, pareto }: { readonly board: Board; readonly pareto: Pareto }) {
  const grid = useRef<GridIndex | undefined>(undefined);
  const { points } = pareto;
  const titles = { x: board.title(pareto.x), y: board.title(pareto.y) };
  const scaleFor = (estimates: readonly Estimate[]) => {
    const [low, high] = extentOf(
      estimates.flatMap((each) => [each.mean, each.low, each.high].filter((value) => value !== null)),
    );
    return roomyScale(low, high, low > 0 && high / low > 50);
  };
  const draw = (surface: Surface) => {
    const { context, theme } = surface;
    const frame = drawAxes(
      surface,
      {
        scale: scaleFor(points.map(({ x }) => x)),
        title: titles.x,
      },
      {
        scale: scaleFor(points.map(({ y }) => y)),
        title: titles.y,
      },
    );
    const placed = points.map(({ x, y, isOnFront }) => ({
      x: frame.x(x.mean ?? Number.NaN),
      y: frame.y(y.mean ?? Number.NaN),
      isOnFront,
      estimates: { x, y },
    }));
    const front = placed.filter((each) => each.isOnFront).sort((one, another) => one.x - another.x);
    context.strokeStyle = theme.series[0] ?? theme.ink;
    context.lineWidth = 1.5;
    context.beginPath();
    for (const { x, y } of front) context.lineTo(x, y);
    context.stroke();
    for (const { x, y, isOnFront, estimates } of placed) {
      const color = isOnFront ? (theme.series[0] ?? theme.ink) : theme.faint;
      context.strokeStyle = color;
      context.fillStyle = color;
      context.lineWidth = 1;
      context.beginPath();
      if (estimates.x.low !== null && estimates.x.high !== null) {
        context.moveTo(frame.x(estimates.x.low), y);
        context.lineTo(frame.x(estimates.x.high), y);
      }
      if (estimates.y.low !== null && estimates.y.high !== null) {
        context.moveTo(x, frame.y(estimates.y.low));
        context.lineTo(x, frame.y(estimates.y.high));
      }
      context.stroke();
      context.beginPath();
      context.arc(x, y, 4.5, 0, 2 * Math.PI);
      if (isOnFront) context.fill();
      else context.stroke();
    }
    grid.current = new GridIndex(
      Float32Array.from(placed, ({ x }) => x),
      Float32Array.from(placed, ({ y }) => y),
    );
  };
  const tipAt = (pointer: Pointer) => {
    const point = points[grid.current?.nearest(pointer.x, pointer.y, 16) ?? -1];
    if (point === undefined) return undefined;
    return {
      ...pointer,
      text: `${point.name}\n${titles.y} ${words(point.y)}\n${titles.x} ${words(point.x)}${point.isOnFront ? "\non the front" : ""}`,
    };
  };
  return html`<${Picture}
      height=${340}
      label=${`Pareto front of ${titles.x} and ${titles.y}: ${points
        .filter(({ isOnFront }) => isOnFront)
        .map(({ name }) => name)
        .join(", ")}`}
      drawn=${[pareto]}
      draw=${draw}
      tipAt=${tipAt}
    />
    <p class="note">On the front, filled: ${points
      .filter(({ isOnFront }) => isOnFront)
      .map(({ name }) => name)
      .join("; ")}.</p>`;
}

function words({ mean, low, high, n }: Estimate): string {
  const interval = low === null || high === null ? "" : ` [${numberText(low)}, ${numberText(high)}]`;
  return `${mean === null ? "–" : numberText(mean)}${interval}, n = ${n}`;
}
