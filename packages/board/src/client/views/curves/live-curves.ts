/** Epochs that have come since curves were asked for: they are put behind them, so that nothing is asked for twice. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Curve, CurveQuery, Curves } from "../../../wire/curves.ts";
import { idsOfRanges } from "../../columns/id-ranges.ts";
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
/** What has no curve yet, and bands, are asked for again so long after an epoch. */
const staleMilliseconds = 1000;

/** @param onStale what is to be drawn has to be asked for again */
export function useLiveCurves(
  board: Board,
  curves: Curves | undefined,
  { series, x, ids = "", where }: CurveQuery,
  onStale: () => void,
): LiveCurves {
  const [version, setVersion] = useState(0);
  const added = useRef(new Map<string, Points>());
  /** Runs without a curve that have been asked for: those that have none stay so. */
  const missed = useRef(new Set<number>());
  useEffect(() => {
    added.current = beyond(added.current, curves?.lines ?? [], x);
    if (curves === undefined) return undefined;
    const shown = new Set(curves.lines.map(({ run }) => run));
    const isMeant = (run: number) =>
      where === undefined ? idsOfRanges(ids).has(run) : board.chosenRows.peek().includes(board.table.rowOf(run));
    let timer: ReturnType<typeof setTimeout> | undefined;
    let staleTimer: ReturnType<typeof setTimeout> | undefined;
    const stop = board.onEpochs((epochs) => {
      if (shown.has(epochs.run)) {
        if (addEpochs(added.current, epochs, series, x) > mostAdded) staleTimer ??= setTimeout(onStale, 0);
        timer ??= setTimeout(() => {
          timer = undefined;
          setVersion((before) => before + 1);
        }, milliseconds);
      } else if ((curves.bands.length > 0 || !missed.current.has(epochs.run)) && isMeant(epochs.run)) {
        missed.current.add(epochs.run);
        staleTimer ??= setTimeout(onStale, staleMilliseconds);
      }
    });
    return () => {
      stop();
      clearTimeout(timer);
      clearTimeout(staleTimer);
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
