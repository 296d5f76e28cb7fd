/** Scores of each part that was held out, with their mean. */
import { html } from "htm/preact";
import type { Scores } from "../../../wire/maps.ts";
import { bandScale, drawAxes } from "../../marks/axes.ts";
import { Picture, type Surface } from "../../marks/picture.ts";
import { extentOf, roomyScale } from "../../marks/scales.ts";
import { Choice } from "../../parts/choice.ts";
import { numberText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";

type Figure = Scores["figures"][number];

export function ScoresPanel({ board, scores }: { readonly board: Board; readonly scores: Scores }) {
  const { of, parts, figures, interval } = scores;
  const wanted = board.state.value.figure;
  const figure =
    figures.find(({ name }) => name === wanted) ?? figures.find(({ name }) => name !== "loss") ?? figures[0];
  if (figure === undefined) return null;
  const hasMeans = figures.some(({ mean }) => mean !== null);
  return html`<section class="panel is-wide">
    <h2>Scores by ${of}</h2>
    <div class="tools">
      <${Choice}
        label="Figure"
        value=${figure.name}
        options=${figures.map(({ name }) => ({ value: name, text: name.replaceAll("_", " ") }))}
        onChoose=${(name: string) => board.update({ figure: name }, "push")}
      />
    </div>
    <${Picture}
      height=${240}
      label=${`${figure.name} of ${parts.map((part, index) => `${of} ${part}: ${shown(figure.values[index])}`).join(", ")}`}
      drawn=${[scores, figure]}
      draw=${(surface: Surface) => drawScores(surface, scores, figure)}
    />
    ${hasMeans && html`<p class="note">The line is the mean, the band its ${interval}.</p>`}
    <div class="scrolling" tabindex="0" role="region" aria-label="Scores as a table">
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">figure</th>
            ${parts.map((part) => html`<th key=${part} scope="col">${of} ${part}</th>`)}
            ${hasMeans && html`<th scope="col">mean</th><th scope="col">from</th><th scope="col">to</th>`}
          </tr>
        </thead>
        <tbody>
          ${figures.map(
            ({ name, values, mean, low, high }) => html`<tr key=${name}>
              <td>${name}</td>
              ${[...values, ...(hasMeans ? [mean, low, high] : [])].map((value) => html`<td class="is-number" data-value=${value ?? ""} title=${value === null ? undefined : String(value)}>${shown(value)}</td>`)}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function shown(value: number | null | undefined): string {
  return value === null || value === undefined ? "–" : numberText(Number(value.toPrecision(4)));
}

function drawScores(surface: Surface, { of, parts }: Scores, { name, values, mean, low, high }: Figure): void {
  const { context, theme } = surface;
  const known = [...values, mean, low, high].filter((value) => value !== null);
  const frame = drawAxes(
    surface,
    { scale: bandScale(parts), title: of },
    { scale: roomyScale(...extentOf(known), false, 0.08), title: name.replaceAll("_", " ") },
  );
  const color = theme.series[0] ?? theme.ink;
  context.fillStyle = color;
  context.strokeStyle = color;
  if (low !== null && high !== null) {
    context.globalAlpha = 0.15;
    context.fillRect(frame.left, frame.y(high), frame.width, frame.y(low) - frame.y(high));
    context.globalAlpha = 1;
  }
  if (mean !== null) {
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(frame.left, frame.y(mean));
    context.lineTo(frame.left + frame.width, frame.y(mean));
    context.stroke();
    context.lineWidth = 1;
  }
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    context.beginPath();
    context.arc(frame.x(index), frame.y(value), 5, 0, 2 * Math.PI);
    context.fill();
  }
}
