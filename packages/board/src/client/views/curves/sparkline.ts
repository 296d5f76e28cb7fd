/** The curve of a running run, as small as a word. */
import { html } from "htm/preact";
import { useState } from "preact/hooks";
import type { Curves } from "../../../wire/curves.ts";
import { frameOf } from "../../marks/axes.ts";
import { drawLines } from "../../marks/lines.ts";
import { Picture, type Surface } from "../../marks/picture.ts";
import { extentOf, scaleOf } from "../../marks/scales.ts";
import { useAnswer } from "../../parts/answer.ts";
import { numberText } from "../../parts/number-text.ts";
import type { Board } from "../../state/board.ts";
import { useLiveCurves } from "./live-curves.ts";

const height = 44;

export function Sparkline({ board, run }: { readonly board: Board; readonly run: number }) {
  const all = board.experiment.value?.series.map(({ name }) => name) ?? [];
  const series = [all.find((name) => name === "test_loss") ?? all[0] ?? "test_loss"];
  const query = { ids: String(run), series, x: "epoch", pixels: 200 } as const;
  // Before the first epoch there is no curve of any name.
  const [asks, setAsks] = useState(0);
  const ask = async () => (all.length > 0 ? board.source.curves(query) : undefined);
  const { value } = useAnswer(`${run} ${all.length > 0}`, ask, asks);
  const live = useLiveCurves(board, value ?? none, query, () => setAsks((before) => before + 1));
  const curve = value?.lines[0];
  if (curve === undefined) return html`<p class="note">no epoch yet</p>`;
  const { x, y } = live.extended(curve);
  const last = y[y.length - 1] ?? Number.NaN;
  const epoch = x[x.length - 1] ?? 0;
  const draw = (surface: Surface) => {
    const [low, high] = extentOf(y);
    const [across, up] = [scaleOf(x[0] ?? 0, Math.max(epoch, (x[0] ?? 0) + 1)), scaleOf(low, high)];
    const frame = frameOf({ left: 2, top: 3, width: surface.width - 4, height: height - 6 }, across, up);
    drawLines(surface, frame, [
      { x, y, color: surface.theme.series[0] ?? surface.theme.ink, width: 1.5, opacity: 1, dash: [] },
    ]);
  };
  return html`<${Picture} height=${height} label=${`Curve of run ${run}`} drawn=${[curve, live.version]} draw=${draw} />
    <p class="note">epoch ${epoch}, ${series[0]?.replaceAll("_", " ")} ${numberText(last)}</p>`;
}

const none: Curves = { lines: [], bands: [], runs: 0, interval: "" };
