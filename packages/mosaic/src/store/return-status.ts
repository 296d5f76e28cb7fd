import type { RunResult } from "./records.ts";

/** `runs.return_status` of a done run, for example `train_loss=2.500e-01\ttest_loss=…\texecution_time=…`. */
export function returnStatusOf(result: RunResult): string {
  return [
    `train_loss=${exponentForm(result.train_loss)}`,
    `test_loss=${exponentForm(result.test_loss)}`,
    `execution_time=${exponentForm(result["duration(s)"])}`,
  ].join("\t");
}

/** As Python's `%.3e` writes it, with two digits at least in the exponent. */
function exponentForm(value: number | null = null): string {
  if (value === null) return "";
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return value.toExponential(3).replace(/e([+-])(\d)$/, "e$10$2");
}
