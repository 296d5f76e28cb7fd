import { csvLine } from "@ml-mosaic/training";
import type { CalibrationFigures, CalibrationReport } from "./calibration-figures.ts";

/** A row for each bin of the reliability diagram, as the models say and calibrated. */
export function reliabilityCsv({ raw, calibrated }: CalibrationReport): string {
  const rows = (name: string, { bins }: CalibrationFigures) =>
    bins.map(({ from, to, pixels, mean, share }) =>
      csvLine([name, from, to, pixels, mean, share.value, share.interval?.low, share.interval?.high]),
    );
  const header = csvLine(["probability", "from", "to", "pixels", "mean", "share", "low", "high"]);
  return [header, ...rows("raw", raw), ...rows("calibrated", calibrated)].join("");
}
