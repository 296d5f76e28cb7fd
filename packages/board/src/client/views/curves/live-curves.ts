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

/** More than this behind one curve, and it is to be asked for again, thinned. */
const mostAdded = 1000;

export function useLiveCurves(
  board: Board,
  curves: Curves | undefined,
  { series, x }: CurveQuery,
  onMany: () => void,
): LiveCurves {
  const [version, setVersion] = useState(0);
  const added = useRef(new Map<string, Points>());
  useEffect(() => {
    added.current = beyond(added.current, curves?.lines ?? [], x);
    if (curves === undefined || curves.lines.length === 0) return undefined;
    const shown = new Set(curves.lines.map(({ run }) => run));
    let hasAsked = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = board.onEpochs((epochs) => {
      if (!shown.has(epochs.run)) return;
      const most = addEpochs(added.current, epochs, series, x);
      if (most > mostAdded && !hasAsked) onMany();
      hasAsked ||= most > mostAdded;
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
      const points = added.current.get(keyOf(curve.run, curve.series, x));
      if (points === undefined) return curve;
      const last = curve.x.at(-1) ?? Number.NEGATIVE_INFINITY;
      const from = points.x.findIndex((each) => each > last);
      return from < 0 ? curve : { x: [...curve.x, ...points.x.slice(from)], y: [...curve.y, ...points.y.slice(from)] };
    },
  };
}

function keyOf(run: number, series: string, x: CurveQuery["x"]): string {
  return `${run} ${x} ${series}`;
}

/** What has come since the curves were read; meanwhile more may have come. */
function beyond(added: ReadonlyMap<string, Points>, lines: readonly Curve[], x: CurveQuery["x"]): Map<string, Points> {
  return new Map(
    lines.flatMap((curve) => {
      const key = keyOf(curve.run, curve.series, x);
      const points = added.get(key);
      const last = curve.x.at(-1) ?? Number.NEGATIVE_INFINITY;
      const from = points?.x.findIndex((each) => each > last) ?? -1;
      if (points === undefined || from < 0) return [];
      return [[key, { x: points.x.slice(from), y: points.y.slice(from) }]] as const;
    }),
  );
}

/** @returns how many points the longest curve has got by now */
function addEpochs(
  added: Map<string, Points>,
  { run, epochs, seconds, series }: Epochs,
  names: readonly string[],
  x: CurveQuery["x"],
): number {
  let most = 0;
  for (const name of names) {
    const values = series[name];
    if (values === undefined) continue;
    const key = keyOf(run, name, x);
    const points = added.get(key) ?? { x: [], y: [] };
    added.set(key, points);
    for (const [place, value] of values.entries()) {
      const at = x === "epoch" ? epochs[place] : seconds[place];
      if (at === undefined || at === null || at <= (points.x.at(-1) ?? Number.NEGATIVE_INFINITY)) continue;
      points.x.push(at);
      points.y.push(value === null ? Number.NaN : Number(value));
    }
    most = Math.max(most, points.x.length);
  }
  return most;
}
