import { clockText, wholeText } from "@ml-mosaic/base";
import { command, interruptible, type Progress, pathText, Stopped, startProgress } from "@ml-mosaic/command-line";
import { ConfigurationError, readYaml } from "@ml-mosaic/configurable";
import { shareText } from "../maps/map-tally.ts";
import type { SegmentationResult } from "../segmentation/run-segmentation.ts";
import { Segmentation } from "../segmentation/segmentation.ts";
import type { SegmentationPlan } from "../segmentation/segmentation-plan.ts";
import { configOption } from "./config-option.ts";

export const segmentCommand = command({
  name: "segment",
  summary: "Find the filaments of a FITS map with a trained model: probabilities, a mask, and a picture.",
  arguments: {},
  options: configOption,
  examples: ["bigsf segment -c configs/config_segment.yaml"],
  async run(given, terminal) {
    const file = readYaml(given.config);
    const segmentation = Segmentation.fromConfig(file);
    const located = (error: unknown) =>
      error instanceof ConfigurationError ? new ConfigurationError(file.locate(error.problems)) : error;
    await segmentation.check().catch((error: unknown) => {
      throw located(error);
    });
    for (const map of segmentation.each()) {
      const started = performance.now();
      let progress: Progress | undefined;
      const result = await interruptible((signal) =>
        map.run({
          signal,
          onPlan(plan) {
            terminal.err(`${planText(plan)}\n`);
            for (const note of plan.notes) terminal.err(`Note: ${note}\n`);
          },
          onProgress(done, total) {
            progress ??= startProgress(terminal, { title: "Segmenting", unit: "patches", total });
            progress.update(done);
          },
        }),
      )
        .catch((error: unknown) => {
          if (error instanceof Stopped) throw new Stopped("Stopped; the same command goes on.");
          throw located(error);
        })
        .finally(() => progress?.end());
      terminal.out(`${resultText(result, (performance.now() - started) / 1000)}\n`);
    }
    return 0;
  },
});

function planText({ map, models, voices, calibration, patchSize, overlap }: SegmentationPlan): string {
  const [height, width] = map.shape;
  const { modelConfig, trainInfo } = models[0].snapshot;
  const type = String(modelConfig.type);
  const who = models.length > 1 ? `${models.length} models of ${type}` : `${type} after epoch ${trainInfo.epoch}`;
  const turned = voices.length > models.length ? ", on patches turned in 8 ways" : "";
  return `${pathText(map.path)}: ${height} rows of ${width} pixels, in patches of ${patchSize} x ${patchSize} that share ${overlap}, by ${who}${turned}${calibration === undefined ? "" : `, calibrated by ${pathText(calibration.path)}`}.`;
}

function resultText(result: SegmentationResult, seconds: number): string {
  const { probability, mask, uncertainty, picture } = result.files;
  if (result.kind === "reused") return `${pathText(probability)} is of this configuration already; nothing to do.`;
  const { valid, filament } = result.counts;
  const lines = [
    ["valid", wholeText(valid), `${shareText(valid, result.pixels)} of ${wholeText(result.pixels)} pixels`],
    ["filament", wholeText(filament), `${shareText(filament, valid)} of the valid pixels`],
    ["time", clockText(seconds), ""],
  ].map(([name = "", value = "", note = ""]) => `  ${name.padEnd(10)}${value.padStart(13)}  ${note}`.trimEnd());
  const files = [probability, mask, ...(uncertainty === undefined ? [] : [uncertainty]), picture];
  return [...files.map((file) => pathText(file)), ...lines].join("\n");
}
