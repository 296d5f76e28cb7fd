// An epoch as a row of `history`, as exports and JSON have it too.
import type { EpochRecord, Figures } from "@ml-mosaic/training";
import { numberIn } from "./stored-value.ts";

export interface EpochColumn {
  readonly name: string;
  readonly of: (record: EpochRecord) => number | null;
}

/** After `run_id` and `epoch`, in their order. What Mosaic evaluates after every epoch is the test set. */
export const epochColumns: readonly EpochColumn[] = [
  { name: "train_loss", of: ({ trainLoss }) => trainLoss },
  { name: "test_loss", of: ({ validLoss }) => validLoss },
  { name: "train_acc", of: ({ trainAccuracy = null }) => trainAccuracy },
  { name: "test_acc", of: ({ validAccuracy = null }) => validAccuracy },
  { name: "lr", of: ({ lr }) => lr },
  { name: "seconds", of: ({ seconds }) => seconds },
];

/** `train_f1`, `test_f1`… */
export function epochMetrics({ trainMetrics = {}, metrics }: EpochRecord): Figures {
  return { ...prefixed("train_", trainMetrics), ...prefixed("test_", metrics) };
}

/** As the column `metrics` has them; null where there are none. */
export function metricsJson(record: EpochRecord): string | null {
  const metrics = epochMetrics(record);
  // JSON knows neither NaN nor infinities.
  const text = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  return Object.keys(metrics).length === 0 ? null : JSON.stringify(metrics, text);
}

/** The other way round. */
export function metricsFrom(json: string | null): Pick<EpochRecord, "trainMetrics" | "metrics"> {
  const values: Readonly<Record<string, unknown>> = Object(JSON.parse(json ?? "{}"));
  const [trainMetrics, metrics] = [withoutPrefix("train_", values), withoutPrefix("test_", values)];
  return Object.keys(trainMetrics).length === 0 ? { metrics } : { trainMetrics, metrics };
}

function prefixed(prefix: string, figures: Figures): Figures {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [prefix + name, value]));
}

function withoutPrefix(prefix: string, values: Readonly<Record<string, unknown>>): Figures {
  const own = Object.entries(values).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(
    own.map(([name, value]) => [
      name.slice(prefix.length),
      numberIn({ value: storable(value) }, "value") ?? Number.NaN,
    ]),
  );
}

function storable(value: unknown): number | string | null {
  return typeof value === "number" || typeof value === "string" ? value : null;
}
