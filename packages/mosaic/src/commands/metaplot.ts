import { basename, extname } from "node:path";
import { type Infer, path, schema, string } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import { figureNamed } from "../figures/known-figures.ts";
import { readPlotConfig } from "../plots/runs/plot-config.ts";
import { plotCommand, readRuns } from "./plot-command.ts";
import { databaseArgument } from "./read-database.ts";

const metaplotArguments = {
  ...databaseArgument,
  output_file: schema(path, {
    optional: true,
    help: "file to write: .pdf, .svg, .png, or .csv for the values (with --config: the configuration's name with .pdf if left out)",
  }),
  dataset_key: schema(string, { optional: true, help: "key of the data set" }),
  criterion: schema(string, {
    optional: true,
    help: "a result (test_loss, trainability, duration(s)…) or a metric (f1…)",
  }),
};

const metaplotOptions = {
  config: schema(path, {
    optional: true,
    words: "FILE",
    help: "draw what the sections of FILE (.ini) say, a page each",
  }),
};

type MetaplotGiven = Infer<typeof metaplotArguments & typeof metaplotOptions>;

export const metaplotCommand = plotCommand({
  spec: {
    name: "metaplot",
    summary: "Draw a criterion against the number of parameters, one line for each model key.",
    arguments: metaplotArguments,
    options: metaplotOptions,
    preconditions(given) {
      askedOf(given);
    },
    examples: [
      "mosaic metaplot results.db loss.pdf data_Digits test_loss",
      "mosaic metaplot results.db time.png data_Digits 'duration(s)'",
      "mosaic metaplot --config plot.ini results.db plots.pdf",
    ],
  },
  output: (given) => askedOf(given).output,
  async read(reader, given) {
    const asked = askedOf(given);
    const { runs, figures } = await readRuns(reader);
    if (asked.kind === "criterion") return { ...asked, runs, criterion: figureNamed(figures, asked.criterion) };
    return { ...asked, runs, sections: await readPlotConfig(asked.config, runs, figures) };
  },
  async draw(asked) {
    const { configPlots } = await import("../plots/pages/sections.ts");
    const { criterionPlots } = await import("../plots/pages/criterion.ts");
    return asked.kind === "config"
      ? configPlots(asked.runs, asked.sections)
      : criterionPlots(asked.runs, asked.dataKey, asked.criterion);
  },
});

function askedOf(given: MetaplotGiven) {
  const { output_file: output, dataset_key: dataKey, criterion, config } = given;
  if (config !== undefined && dataKey === undefined)
    return { kind: "config", config, output: output ?? `${basename(config, extname(config))}.pdf` } as const;
  if (config === undefined && output !== undefined && dataKey !== undefined && criterion !== undefined)
    return { kind: "criterion", output, dataKey, criterion } as const;
  const [what, example] =
    config === undefined
      ? ["a data set key and a criterion, as in", "mosaic metaplot results.db loss.pdf data_Digits test_loss"]
      : ["and nothing more:", "mosaic metaplot --config plot.ini results.db plots.pdf"];
  throw new MosaicError("BAD_USAGE", `give a database, an output file, ${what} ${example}`);
}
