import { countText, wholeText } from "@ml-mosaic/base";
import {
  command,
  interruptible,
  numberText,
  type Progress,
  pathText,
  Stopped,
  startProgress,
  tableText,
} from "@ml-mosaic/command-line";
import "../components.ts";
import { Calibration, type CalibrationResult } from "../calibration/calibration.ts";
import type { CalibrationFigures, Figure } from "../calibration/calibration-figures.ts";
import { calibrationNames } from "../calibration/calibration-file.ts";
import { labelText } from "../metrics/label-figures.ts";
import { configOption } from "./config-option.ts";

export const calibrateCommand = command({
  name: "calibrate",
  summary:
    "Make the probabilities of trained models right, by pixels that they have not seen, and say how right they are.",
  arguments: {},
  options: configOption,
  examples: ["bigsf calibrate -c configs/config_calibrate.yaml"],
  async run(given, terminal) {
    const calibration = Calibration.fromConfig(given.config);
    let progress: Progress | undefined;
    const result = await interruptible((signal) =>
      calibration.run({
        signal,
        onProgress(done, total) {
          progress ??= startProgress(terminal, { title: "Predicting", unit: "patches", total });
          progress.update(done);
        },
      }),
    )
      .catch((error: unknown) => {
        if (error instanceof Stopped) throw new Stopped("Stopped; nothing is changed.");
        throw error;
      })
      .finally(() => progress?.end());
    terminal.out(`${resultText(result)}\n`);
    return 0;
  },
});

function resultText({ folder, file, map }: CalibrationResult): string {
  const { calibrator, fitted_on: fitted, models, held_out: report } = file;
  const whose =
    models.length > 1
      ? `each model's test set by what the other ${countText(models.length - 1, "model")} say of theirs`
      : "the test set by the validation set";
  const how =
    calibrator.method === "temperature"
      ? `temperature ${numberText(calibrator.temperature)}`
      : `isotonic, ${countText(calibrator.scores.length, "step")}`;
  const rows = [
    figureRow("expected calibration error", report.raw, report.calibrated, "expectedCalibrationError"),
    figureRow("Brier score", report.raw, report.calibrated, "brier"),
    figureRow("right, of 85 to 95 % sure", report.raw, report.calibrated, "nearNinety"),
  ];
  const lines = [
    `${how}, fitted on ${wholeText(fitted.pixels)} labelled pixels of ${countText(fitted.areas, "area")}; reported on what it was not fitted on: ${whose}.`,
    "",
    tableText(["held-out pixels", "as the models say", "95 %", "calibrated", "95 %"], rows, [1, 2, 3, 4]),
    "",
    gainText(report.brierGain),
  ];
  if (map !== undefined) {
    const { dice, average_precision, labelled, unlabelled_found } = map.pooled;
    lines.push(
      `Out of fold, calibrated: Dice ${numberText(dice)}, average precision ${numberText(average_precision)}. ${labelText(labelled, unlabelled_found)}`,
    );
  }
  const { file: name, table, picture } = calibrationNames;
  const maps = map?.maps.map(({ outOfFold }) => pathText(outOfFold)) ?? [];
  lines.push("", [`${pathText(folder)}/${name}`, table, picture, ...maps].join(", "));
  return lines.join("\n");
}

type FigureName = "expectedCalibrationError" | "brier" | "nearNinety";

function figureRow(name: string, raw: CalibrationFigures, after: CalibrationFigures, figure: FigureName) {
  return [name, ...figureCells(raw[figure]), ...figureCells(after[figure])];
}

function figureCells({ value, interval }: Figure): readonly string[] {
  if (Number.isNaN(value)) return ["no pixel", ""];
  return [
    numberText(value),
    interval === undefined ? "" : `${numberText(interval.low)} to ${numberText(interval.high)}`,
  ];
}

function gainText({ value, interval }: Figure): string {
  if (interval === undefined) return "Of a single area no interval can be given.";
  const range = `${numberText(interval.low)} to ${numberText(interval.high)}`;
  const sure = interval.low > 0 ? "better" : interval.high < 0 ? "worse" : "neither better nor worse for sure";
  return `The Brier score is ${sure}: ${numberText(Math.abs(value))} ${value < 0 ? "larger" : "smaller"} (95 %: ${range}).`;
}
