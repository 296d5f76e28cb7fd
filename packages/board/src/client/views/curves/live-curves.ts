/** Epochs that have come since curves were asked for: they are put behind them, so that nothing is asked for twice. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Curve, CurveQuery, Curves } from "../../../wire/curves.ts";
import type { Board, Epochs } from "../../state/board.ts";

interface Points {
  readonly x: number[];
  readonly y: number[];
}

export interface LiveCurves {
  /** Grows with every epoch that comes. */
  readonly version: number;
  extended(curve: Curve): { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> };
}

/** Drawn so often at most. */
const milliseconds = 200;

export function useLiveCurves(board: Board, curves: Curves | undefined, { series, x }: CurveQuery): LiveCurves {
  const [version, setVersion] = useState(0);
  const added = useRef(new Map<string, Points>());
  useEffect(() => {
    added.current.clear();
    if (curves === undefined || curves.lines.length === 0) return undefined;
    const shown = new Set(curves.lines.map(({ run }) => run));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = board.onEpochs((epochs) => {
      if (!shown.has(epochs.run)) return;
      addEpochs(added.current, epochs, series, x);
      timer ??= setTimeout(() => {
        timer = undefined;
        setVersion((before) => before + 1);
      }, milliseconds);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [curves, series.join("\n"), x]);
  return {
    version,
    extended: (curve) => {
      const points = added.current.get(`${curve.run} ${curve.series}`);
      if (points === undefined) return curve;
      const last = curve.x.at(-1) ?? Number.NEGATIVE_INFINITY;
      const from = points.x.findIndex((each) => each > last);
      return from < 0 ? curve : { x: [...curve.x, ...points.x.slice(from)], y: [...curve.y, ...points.y.slice(from)] };
    },
  };
}

function addEpochs(
  added: Map<string, Points>,
  { run, epochs, seconds, series }: Epochs,
  names: readonly string[],
  x: CurveQuery["x"],
): void {
  for (const name of names) {
    const values = series[name];
    if (values === undefined) continue;
    const key = `${run} ${name}`;
    const points = added.get(key) ?? { x: [], y: [] };
    added.set(key, points);
    for (const [place, value] of values.entries()) {
      const at = x === "epoch" ? epochs[place] : seconds[place];
      if (at === undefined || at === null || at <= (points.x.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
      points.x.push(at);
      points.y.push(value === null ? Number.NaN : Number(value));
    }
  }
}
