import { bytesText, clockText, wholeText } from "@ml-mosaic/base";
import { command, interruptible, type Progress, pathText, startProgress, type Terminal } from "@ml-mosaic/command-line";
import { boolean, schema } from "@ml-mosaic/configurable";
import { shareText, tallyNotes } from "../maps/map-tally.ts";
import type { MapPaths } from "../maps/maps.ts";
import type { PatchPlan } from "../patches/plan-patches.ts";
import type { PreprocessResult } from "../patches/preprocess.ts";
import { Preprocessing } from "../patches/preprocessing.ts";
import { configOption } from "./config-option.ts";

export const preprocessCommand = command({
  name: "preprocess",
  summary: "Cut a FITS map and its labels into patches: patches.h5, and a picture of what was kept.",
  arguments: {},
  options: {
    ...configOption,
    yes: schema(boolean, { help: "write more than 100 GB" }),
  },
  examples: ["bigsf preprocess -c configs/config_preprocess.yaml"],
  async run(given, terminal) {
    const preprocessing = Preprocessing.fromConfig(given.config);
    const started = performance.now();
    const progress = progressInTurn(terminal);
    const result = await interruptible((signal) =>
      preprocessing.run({
        allowLarge: given.yes,
        signal,
        onRows: (done, total) => progress(done, { title: "Reading", unit: "rows", total }),
        onPlan(plan) {
          progress.end();
          terminal.err(`${planText(plan)}\n`);
        },
        onPatches: (done, total) => progress(done, { title: "Writing", unit: "patches", total }),
      }),
    ).finally(progress.end);
    terminal.out(`${resultText(result, preprocessing, (performance.now() - started) / 1000)}\n`);
    return 0;
  },
});

/** One bar after the other: a new one begins where something else is counted. */
function progressInTurn(terminal: Terminal) {
  let current: Progress | undefined;
  let title = "";
  const update = (done: number, options: { title: string; unit: string; total: number }) => {
    if (options.title !== title) {
      current?.end();
      current = startProgress(terminal, options);
      title = options.title;
    }
    current?.update(done);
  };
  const end = () => {
    current?.end();
    current = undefined;
    title = "";
  };
  return Object.assign(update, { end });
}

function planText({ grid, kept, bytes }: PatchPlan): string {
  const size = `${grid.patchSize} x ${grid.patchSize}`;
  return `${wholeText(kept)} of ${wholeText(grid.candidates)} patches of ${size} are kept: ${bytesText(bytes)} before compression.`;
}

function resultText(result: PreprocessResult, maps: MapPaths, seconds: number): string {
  if (result.kind === "reused") return `${pathText(result.path)} is of this configuration already; nothing to do.`;
  const { plan, bytes, path, overview } = result;
  const { grid, kept, dropped, withTarget, tally } = plan;
  const [height, width] = grid.mapShape;
  const lines = [
    [
      "candidates",
      wholeText(grid.candidates),
      `patches of ${grid.patchSize} x ${grid.patchSize}, stride ${grid.stride}, in ${height} rows of ${width} pixels`,
    ],
    ["kept", wholeText(kept), shareText(kept, grid.candidates)],
    ["dropped", wholeText(grid.candidates - kept), droppedText(dropped)],
    [
      "with filament",
      wholeText(withTarget),
      `${shareText(withTarget, kept)} of those kept; ${shareText(tally.filament, tally.labelled)} of the labelled pixels`,
    ],
    ["size", bytesText(bytes), `${bytesText(plan.bytes)} before compression`],
    ["time", clockText(seconds), ""],
  ].map(([name = "", value = "", note = ""]) => `  ${name.padEnd(14)}${value.padStart(11)}  ${note}`.trimEnd());
  const notes = [...plan.notes, ...tallyNotes(tally, maps)].map((note) => `  note: ${note}`);
  return [pathText(path), ...lines, ...notes, `  picture: ${pathText(overview)}`].join("\n");
}

function droppedText({ noSignal, noLabels, neither }: PatchPlan["dropped"]): string {
  const reasons = [
    [noSignal, "without a pixel > 0"],
    [noLabels, "without a labelled pixel"],
    [neither, "without either"],
  ] as const;
  return reasons.flatMap(([number, why]) => (number > 0 ? [`${wholeText(number)} ${why}`] : [])).join(", ");
}
