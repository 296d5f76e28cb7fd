import { bytesText, clockText, wholeText } from "@ml-mosaic/base";
import {
  command,
  interruptible,
  type Progress,
  pathText,
  startProgress,
  type Terminal,
  tableText,
} from "@ml-mosaic/command-line";
import { boolean, schema } from "@ml-mosaic/configurable";
import { shareText, tallyNotes } from "../maps/map-tally.ts";
import type { PlannedMap, PlanSummary, PreprocessResult } from "../patches/preprocess.ts";
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
        onPlan(maps) {
          progress.end();
          terminal.err(`${planText(maps.map(({ plan }) => plan))}\n`);
        },
        onPatches: (done, total) => progress(done, { title: "Writing", unit: "patches", total }),
      }),
    ).finally(progress.end);
    terminal.out(`${resultText(result, (performance.now() - started) / 1000)}\n`);
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

function planText(plans: readonly PlanSummary[]): string {
  const size = plans[0]?.grid.patchSize ?? 0;
  const total = (of: (plan: PlanSummary) => number) => plans.reduce((sum, plan) => sum + of(plan), 0);
  return `${wholeText(total(({ kept }) => kept))} of ${wholeText(total(({ grid }) => grid.candidates))} patches of ${size} x ${size} are kept: ${bytesText(total(({ bytes }) => bytes))} before compression.`;
}

function resultText(result: PreprocessResult, seconds: number): string {
  if (result.kind === "reused") return `${pathText(result.path)} is of this configuration already; nothing to do.`;
  const { maps, bytes, path } = result;
  const [only, ...others] = maps;
  const size = [
    "size",
    bytesText(bytes),
    `${bytesText(maps.reduce((sum, { plan }) => sum + plan.bytes, 0))} before compression`,
  ];
  const time = ["time", clockText(seconds), ""];
  if (only !== undefined && others.length === 0) {
    return [
      pathText(path),
      ...[...planRows(only.plan), size, time].map(rowText),
      ...notesOf(only).map(noteText),
      `  picture: ${pathText(only.overview)}`,
    ].join("\n");
  }
  const rows = maps.map(({ name, plan: { grid, kept, withTarget, tally } }) => [
    name,
    `${grid.mapShape[0]} x ${grid.mapShape[1]}`,
    wholeText(grid.candidates),
    `${wholeText(kept)} (${shareText(kept, grid.candidates)})`,
    `${wholeText(withTarget)} (${shareText(withTarget, kept)})`,
    shareText(tally.labelled, tally.pixels),
    shareText(tally.filament, tally.labelled),
  ]);
  const header = ["map", "rows x columns", "candidates", "kept", "with filament", "labelled", "filament pixels"];
  return [
    pathText(path),
    tableText(header, rows, [1, 2, 3, 4, 5, 6]),
    "",
    ...[size, time].map(rowText),
    ...maps.flatMap((map) => notesOf(map).map((note) => noteText(`${map.name}: ${note}`))),
    ...result.notes.map(noteText),
    `  pictures: ${pathText(overviewOfMaps(only?.overview ?? "", only?.name ?? ""))}`,
  ].join("\n");
}

/** "data/overview_<map>.png" */
function overviewOfMaps(path: string, name: string): string {
  return path.replace(`_${name}.png`, "_<map>.png");
}

function planRows({ grid, kept, dropped, withTarget, tally }: PlanSummary): readonly (readonly string[])[] {
  const [height, width] = grid.mapShape;
  return [
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
  ];
}

function rowText([name = "", value = "", note = ""]: readonly string[]): string {
  return `  ${name.padEnd(14)}${value.padStart(11)}  ${note}`.trimEnd();
}

function notesOf({ plan, paths }: PlannedMap): readonly string[] {
  return [...plan.notes, ...tallyNotes(plan.tally, paths)];
}

function noteText(note: string): string {
  return `  note: ${note}`;
}

function droppedText({ noSignal, noLabels, neither }: PlanSummary["dropped"]): string {
  const reasons = [
    [noSignal, "without a pixel > 0"],
    [noLabels, "without a labelled pixel"],
    [neither, "without either"],
  ] as const;
  return reasons.flatMap(([number, why]) => (number > 0 ? [`${wholeText(number)} ${why}`] : [])).join(", ");
}
