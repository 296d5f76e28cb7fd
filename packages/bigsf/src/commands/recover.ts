import { clockText, countText, wholeText } from "@ml-mosaic/base";
import { command, numberText, pathText, tableText } from "@ml-mosaic/command-line";
import "../components.ts";
import { shareText } from "../maps/map-tally.ts";
import type { CompletenessBin } from "../recover/completeness.ts";
import type { Chance } from "../recover/logistic.ts";
import type { Purity } from "../recover/purity.ts";
import { Recovery } from "../recover/recover.ts";
import type { RecoveryResult } from "../recover/run-recovery.ts";
import { configOption } from "./config-option.ts";
import { inSteps } from "./in-steps.ts";

const steps = {
  rows: { title: "Reading", unit: "rows" },
  filaments: { title: "Measuring", unit: "filaments" },
  injections: { title: "Injecting", unit: "filaments" },
} as const;

export const recoverCommand = command({
  name: "recover",
  summary:
    "Say how complete and how pure a catalogue is: by filaments put into the map, each found by models that have not seen its place, and by labels.",
  arguments: {},
  options: configOption,
  examples: ["bigsf recover -c configs/config_recover.yaml"],
  async run(given, terminal) {
    const recovery = Recovery.fromConfig(given.config);
    const started = performance.now();
    const onNote = (note: string) => terminal.err(`Note: ${note}\n`);
    const result = await inSteps(terminal, steps, (signal, onProgress) => recovery.run({ signal, onNote, onProgress }));
    terminal.out(`${resultText(result, (performance.now() - started) / 1000)}\n`);
    return 0;
  },
});

function resultText(result: RecoveryResult, seconds: number): string {
  const files = Object.values(result.files).map(pathText);
  if (result.kind === "reused") return `${files[0]} is of this configuration already; nothing to do.`;
  const { file, usable } = result;
  const { injected, recovered, homeless, completeness, purity } = file;
  const lines = [
    ["injected", wholeText(injected), `seed ${file.seed}; no place for ${wholeText(homeless)}`],
    ["recovered", wholeText(recovered), shareText(recovered, injected)],
    ["map", shareText(usable, 1), "of its pixels have a model that has not seen them"],
    ["time", clockText(seconds), ""],
  ].map(([name = "", value = "", note = ""]) => `  ${name.padEnd(10)}${value.padStart(13)}  ${note}`.trimEnd());
  const table = tableText(
    ["", "from", "to", "injected", "completeness", "95 %", "fit"],
    completeness.bins.map(binRow),
    [1, 2, 3, 4, 5, 6],
  );
  return [...files, ...lines, "", table, "", purityText(purity)].join("\n");
}

function binRow(bin: CompletenessBin, place: number, all: readonly CompletenessBin[]): readonly string[] {
  const { quantity, from, to, injected, completeness, low, high, fitted } = bin;
  const name = all[place - 1]?.quantity === quantity ? "" : quantity;
  const shares = [completeness.toFixed(2), `${low.toFixed(2)} to ${high.toFixed(2)}`, fitted.toFixed(2)];
  return [name, numberText(from), numberText(to), String(injected), ...shares];
}

function purityText(purity: Purity | undefined): string {
  if (purity === undefined)
    return "Purity: not known; give target and background, of a map on which something is found.";
  const { found, filaments, none, unknown, looked, traits } = purity;
  const lines = [
    `Purity: ${chanceText(purity.purity)}; of ${countText(found, "filament")} ${wholeText(filaments)} are labelled so, ${wholeText(none)} lie where there is none, ${wholeText(unknown)} where nobody has looked: ${shareText(1 - looked, 1)} of the places off labelled filaments.`,
  ];
  if (traits === undefined)
    lines.push("How probable each of them is a filament cannot be told: too few of either kind are known.");
  else
    lines.push(
      `How probable each is a filament: Brier score ${numberText(traits.brier)} by those of other squares of the map; ${numberText(traits.brierOfShare)} if all were as probable.`,
    );
  return lines.join("\n");
}

function chanceText({ value, low, high }: Chance): string {
  return `${value.toFixed(2)} (95 %: ${low.toFixed(2)} to ${high.toFixed(2)})`;
}
