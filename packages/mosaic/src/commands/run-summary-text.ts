/** The table that `run`, `rerun` and `resume` end with. */
import { countText } from "@ml-mosaic/base";
import { jsonText, numberText, type Terminal, tableText } from "@ml-mosaic/command-line";
import type { ModelSummary, RunSummary } from "./run-summary.ts";

/** A screen is no place for thousands of lines: `mosaic export` has all. */
const mostModels = 200;

/** A table for each data set: what was trained on other data is no rival. */
export async function summaryText({ count, repeats, models }: RunSummary): Promise<string> {
  if (count === 0) return "No run has ended.";
  const shown = await Array.fromAsync(models(mostModels));
  const tables = [...Map.groupBy(shown, ({ data }) => data).values()].map(dataText);
  const more = count > shown.length ? [`… and ${count - shown.length} more; mosaic export writes all`] : [];
  const uncounted =
    repeats === 0
      ? []
      : [
          `${countText(repeats, "run")} not counted: of a repetition that was trained more than once, the last result counts`,
        ];
  return [tables.join("\n\n"), ...more, ...uncounted].join("\n");
}

function dataText(models: readonly ModelSummary[]): string {
  const common = commonStages(models);
  const table = modelTable(models.map((model) => ({ ...model, model: model.model.slice(common.length) })));
  return common === "" ? table : `All with ${common.slice(0, -separator.length)}\n${table}`;
}

/** Writes all models as JSON, one after the other. */
export async function writeSummaryJson({ models }: RunSummary, database: string, out: Terminal["out"]): Promise<void> {
  out(`{\n  "database": ${JSON.stringify(database)},\n  "models": [`);
  let end = "]";
  let separator = "";
  for await (const model of models()) {
    out(`${separator}\n    ${jsonText(modelJson(model)).replaceAll("\n", "\n    ")}`);
    separator = ",";
    end = "\n  ]";
  }
  out(`${end}\n}\n`);
}

/** The database's own names. */
function modelJson(model: ModelSummary): unknown {
  return {
    model: model.model,
    data: model.data,
    nb_params: model.parameterCount,
    runs: model.runs,
    failed: model.failed,
    repeats: model.repeats,
    test_loss: model.testLoss,
    test_loss_sd: model.testLossDeviation,
    test_acc: model.testAccuracy,
    "duration(s)": model.durationSeconds,
  };
}

const separator = " | ";

/** The leading stages that all models share, usually the data: said once instead of on every line. */
function commonStages(models: readonly ModelSummary[]): string {
  const [first = [], ...others] = models.map(({ model }) => model.split(separator).slice(0, -1));
  const shared = first.findIndex((stage, index) => others.some((stages) => stages[index] !== stage));
  const stages = shared < 0 ? first : first.slice(0, shared);
  return stages.map((stage) => stage + separator).join("");
}

function modelTable(models: readonly ModelSummary[]): string {
  const rows = models.map((model) => [
    model.model,
    String(model.parameterCount ?? ""),
    `${model.runs}${model.failed > 0 ? ` (+${model.failed} failed)` : ""}`,
    numberText(model.testLoss),
    Number.isFinite(model.testLossDeviation ?? Number.NaN) ? `± ${numberText(model.testLossDeviation)}` : "",
    model.testAccuracy === null ? "" : `${numberText(model.testAccuracy)} %`,
    model.durationSeconds === null ? "" : `${numberText(model.durationSeconds)} s`,
  ]);
  return tableText(["model", "parameters", "runs", "test loss", "sd", "test acc", "time"], rows, [1, 2, 3, 4, 5, 6]);
}
