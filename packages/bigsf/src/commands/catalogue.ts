import { clockText, countText, wholeText } from "@ml-mosaic/base";
import { command, pathText } from "@ml-mosaic/command-line";
import { Catalogue } from "../catalogue/catalogue.ts";
import type { CatalogueResult } from "../catalogue/run-catalogue.ts";
import { shareText } from "../maps/map-tally.ts";
import { configOption } from "./config-option.ts";
import { inSteps } from "./in-steps.ts";

const steps = {
  rows: { title: "Reading", unit: "rows" },
  filaments: { title: "Measuring", unit: "filaments" },
} as const;

export const catalogueCommand = command({
  name: "catalogue",
  summary:
    "Make a catalogue of the filaments in a map of probabilities: their spines, where they lie and how long they are.",
  arguments: {},
  options: configOption,
  examples: ["bigsf catalogue -c configs/config_catalogue.yaml"],
  async run(given, terminal) {
    const catalogue = Catalogue.fromConfig(given.config);
    const started = performance.now();
    const result = await inSteps(terminal, steps, (signal, onProgress) => catalogue.run({ signal, onProgress }));
    terminal.out(`${resultText(result, (performance.now() - started) / 1000)}\n`);
    return 0;
  },
});

function resultText(result: CatalogueResult, seconds: number): string {
  const files = Object.values(result.files).map(pathText);
  if (result.kind === "reused") return `${files[0]} is of this configuration already; nothing to do.`;
  const { filaments, pixels, maskPixels, short, faint, lacking } = result;
  const networks = new Set(filaments.map(({ network }) => network)).size;
  const lines = [
    ["filaments", wholeText(filaments.length), `in ${countText(networks, "network")}`],
    ["too short", wholeText(short), ""],
    ...(faint === 0 ? [] : [["too faint", wholeText(faint), ""]]),
    ["mask", wholeText(maskPixels), `${shareText(maskPixels, pixels)} of ${wholeText(pixels)} pixels`],
    ["time", clockText(seconds), ""],
  ].map(([name = "", value = "", note = ""]) => `  ${name.padEnd(10)}${value.padStart(13)}  ${note}`.trimEnd());
  const reasons = new Set(Object.values(lacking).filter((each) => each !== undefined));
  return [...files, ...lines, ...Array.from(reasons, (reason) => `  null: ${reason}`)].join("\n");
}
