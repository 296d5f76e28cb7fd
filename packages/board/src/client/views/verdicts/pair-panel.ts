/** A pair of models: their differences repetition by repetition, and what was known after each. */
import { html } from "htm/preact";
import type { PairDetail, Verdicts } from "../../../wire/answers.ts";
import { drawAxes } from "../../marks/axes.ts";
import { Picture, type Surface } from "../../marks/picture.ts";
import { countScale, extentOf, roomyScale } from "../../marks/scales.ts";
import { Answered, useAnswer } from "../../parts/answer.ts";
import { Choice } from "../../parts/choice.ts";
import type { Board } from "../../state/board.ts";

interface PairProps {
  readonly board: Board;
  readonly verdicts: Verdicts;
  readonly one: number;
  readonly other: number;
  readonly onChoose: (one: number, other: number) => void;
}

export function PairPanel({ board, verdicts, one, other, onChoose }: PairProps) {
  const [first, second] = [verdicts.ranking[one], verdicts.ranking[other]];
  const chosen = board.chosen.value;
  const key = JSON.stringify([chosen, verdicts.result, verdicts.data, first?.name, second?.name]);
  const ask = async () =>
    first === undefined || second === undefined
      ? undefined
      : board.source.pair(chosen, verdicts.result, board.state.peek().data, first.name, second.name);
  const answer = useAnswer(key, ask, board.slowVersion.value);
  const options = verdicts.ranking.map(({ label }, place) => ({ value: String(place), text: label }));
  return html`<section class="panel">
    <h2>One pair</h2>
    <div class="tools">
      <${Choice} label="One" value=${String(one)} options=${options} onChoose=${(place: string) => onChoose(Number(place), other)} />
      <${Choice} label="Other" value=${String(other)} options=${options} onChoose=${(place: string) => onChoose(one, Number(place))} />
    </div>
    <${Answered} answer=${answer} what="the pair" show=${(detail: PairDetail) => shown(detail, verdicts)} />
  </section>`;
}

function shown(detail: PairDetail, { title: result }: Verdicts) {
  const title = detail.scale === "log" ? `log ${result}` : result;
  const { differences, sequence, text } = detail;
  return html`<details><summary>How the verdict came about</summary><p class="lines">${text}</p></details>
    ${
      differences.length > 0 &&
      html`<h3>Differences by repetition</h3>
        <${Picture}
          height=${190}
          label=${`Differences of ${differences.length} repetitions`}
          drawn=${[detail]}
          draw=${(surface: Surface) => drawDifferences(surface, detail, title)}
        />`
    }
    ${
      sequence.length > 0 &&
      html`<h3>What was known after n repetitions</h3>
        <${Picture}
          height=${200}
          label="The confidence sequence of the mean difference, narrower with each repetition"
          drawn=${[detail]}
          draw=${(surface: Surface) => drawSequence(surface, detail, title)}
        />`
    }`;
}

function drawDifferences(surface: Surface, { differences }: PairDetail, title: string): void {
  const { context, theme } = surface;
  const repetitions = differences.map(({ repetition }) => repetition);
  const [least, largest] = extentOf([0, ...differences.map(({ difference }) => difference)]);
  const [first, last] = extentOf(repetitions);
  const frame = drawAxes(
    surface,
    { scale: countScale(first, last), title: "repetition" },
    { scale: roomyScale(least, largest, false, 0.1), title: `difference in ${title}` },
  );
  zeroLine(surface, frame.left, frame.y(0), frame.width);
  context.strokeStyle = theme.grid;
  context.fillStyle = theme.series[0] ?? theme.ink;
  for (const { repetition, difference } of differences) {
    const [x, y] = [frame.x(repetition), frame.y(difference)];
    context.beginPath();
    context.moveTo(x, frame.y(0));
    context.lineTo(x, y);
    context.stroke();
    context.beginPath();
    context.arc(x, y, 4, 0, 2 * Math.PI);
    context.fill();
  }
}

function drawSequence(surface: Surface, { sequence }: PairDetail, title: string): void {
  const { context, theme } = surface;
  const ends = sequence.flatMap(({ low, high }) => [low, high].filter((each) => each !== null));
  // The first intervals are so wide that nothing else would be seen.
  const later = sequence
    .slice(Math.min(2, sequence.length - 1))
    .flatMap(({ low, high }) => [low, high].filter((each) => each !== null));
  const [least, largest] = extentOf([0, ...(later.length > 0 ? later : ends)]);
  const [first, last] = extentOf(sequence.map(({ n }) => n));
  const frame = drawAxes(
    surface,
    { scale: countScale(first, last), title: "repetitions" },
    { scale: roomyScale(least, largest, false, 0.1), title: `mean difference in ${title}` },
  );
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  const known = sequence.filter(({ low, high }) => low !== null && high !== null);
  context.fillStyle = theme.series[0] ?? theme.ink;
  context.globalAlpha = 0.22;
  context.beginPath();
  for (const { n, high } of known) context.lineTo(frame.x(n), frame.y(high ?? 0));
  for (const { n, low } of known.toReversed()) context.lineTo(frame.x(n), frame.y(low ?? 0));
  context.fill();
  context.globalAlpha = 1;
  context.strokeStyle = theme.series[0] ?? theme.ink;
  context.lineWidth = 2;
  context.beginPath();
  for (const { n, mean } of sequence) if (mean !== null) context.lineTo(frame.x(n), frame.y(mean));
  context.stroke();
  context.lineWidth = 1;
  context.restore();
  zeroLine(surface, frame.left, frame.y(0), frame.width);
}

function zeroLine({ context, theme }: Surface, left: number, y: number, width: number): void {
  context.strokeStyle = theme.ink;
  context.beginPath();
  context.moveTo(left, Math.round(y) + 0.5);
  context.lineTo(left + width, Math.round(y) + 0.5);
  context.stroke();
}
