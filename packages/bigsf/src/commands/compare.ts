import { countText } from "@ml-mosaic/base";
import { command, numberText, tableText } from "@ml-mosaic/command-line";
import { float, path, schema, within } from "@ml-mosaic/configurable";
import "../components.ts";
import { type ComparedRow, type ComparedTrainings, compareTrainings } from "../comparison/compare-trainings.ts";
import { existingFile } from "../existing-file.ts";
import { inSteps } from "./in-steps.ts";

const steps = { patches: { title: "Predicting", unit: "patches" } } as const;

export const compareCommand = command({
  name: "compare",
  summary:
    "Say which of two trainings on every split finds more filaments, faint ones too, by areas they have not seen.",
  arguments: {
    a: schema(path, { help: "folder of bigsf train-k-fold, or DATABASE:MODEL of mosaic run" }),
    b: schema(path, { help: "another one, on the same maps" }),
  },
  options: {
    image: schema(existingFile(), {
      optional: true,
      words: "FILE",
      help: "the map, by which filaments are faint or bright",
    }),
    threshold: schema(within(float, { minimum: 0, maximum: 1 }), {
      default: 0.5,
      help: "probability above which a pixel is a filament",
    }),
  },
  examples: [
    "bigsf compare results/k_fold results/other --image sample/image.fits",
    "bigsf compare filaments.db:unet_8_3 filaments.db:unetpp_8_3",
  ],
  async run({ a, b, image, threshold }, terminal) {
    const result = await inSteps(terminal, steps, (signal, onStep) => {
      const onProgress = (done: number, total: number) => onStep("patches", done, total);
      return compareTrainings({ trainings: [a, b], image, threshold, signal, onProgress });
    });
    for (const note of result.notes) terminal.err(`Note: ${note}\n`);
    terminal.out(`${resultText(result)}\n`);
    return 0;
  },
});

const names: Readonly<Record<ComparedRow["name"], string>> = {
  all: "filaments found",
  faint: "faint ones",
  bright: "bright ones",
  invented: "found where none is",
};

function resultText({ rows, areas, isCalibrated, faintBelow }: ComparedTrainings): string {
  const cells = rows.map(({ name, of, a, b, interval, verdict }) => [
    names[name],
    of === undefined ? "" : String(of),
    String(a),
    String(b),
    interval === undefined ? "" : `${numberText(interval.low)} to ${numberText(interval.high)}`,
    verdictText(verdict),
  ]);
  return [
    tableText(["out of fold", "of", "a", "b", "b - a, 95 %", "verdict"], cells, [1, 2, 3, 4]),
    "",
    `By ${countText(areas, "area")} with filaments${isCalibrated ? ", of calibrated probabilities" : ""}; Bonferroni's correction over the rows.${
      faintBelow === undefined ? "" : ` Faint: less than ${numberText(1 + faintBelow)} times the background.`
    }`,
  ].join("\n");
}

function verdictText(verdict: ComparedRow["verdict"]): string {
  switch (verdict) {
    case "better":
      return "b is better";
    case "worse":
      return "a is better";
    case "equivalent":
    case "undecided":
      return "undecided";
    case "unknown":
      return "too few areas";
    default:
      return verdict satisfies never;
  }
}
