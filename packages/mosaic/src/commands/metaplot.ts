import { basename, extname } from "node:path";
import type { CommandSpec, Given } from "@ml-mosaic/command-line";
import { MosaicError } from "../errors.ts";
import { figureNamed, readFigures } from "../figures/known-figures.ts";
import { readPlotConfig } from "../plots/runs/plot-config.ts";
import { readPlotRuns } from "../plots/runs/plot-runs.ts";
import { openSqliteReader } from "../store/index.ts";
import { writePlotsWithProgress } from "./plot-progress.ts";

export const metaplotCommand: CommandSpec = {
  name: "metaplot",
  summary: "Draw a criterion against the number of parameters, one line for each model key.",
  arguments: [
    { name: "database_file", help: "database (.db)" },
    {
      name: "output_file",
      help: "file to write: .pdf, .svg, .png, or .csv for the values (with --config: the configuration's name with .pdf if left out)",
      optional: true,
    },
    { name: "dataset_key", help: "key of the data set", optional: true },
    { name: "criterion", help: "a result: test_loss, test_acc, trainability, duration(s)…", optional: true },
  ],
  options: [{ name: "config", value: "FILE", help: "draw what the sections of FILE (.ini) say, a page each" }],
  examples: [
    "mosaic metaplot results.db loss.pdf data_Digits test_loss",
    "mosaic metaplot results.db time.png data_Digits 'duration(s)'",
    "mosaic metaplot --config plot.ini results.db plots.pdf",
  ],
  async run(given, terminal) {
    const asked = askedOf(given);
    const { configPlots } = await import("../plots/pages/sections.ts");
    const { criterionPlots } = await import("../plots/pages/criterion.ts");
    const reader = await openSqliteReader(given.argument("database_file"));
    try {
      for (const notice of reader.notices) terminal.err(`${notice}\n`);
      const [runs, figures] = [await readPlotRuns(reader), await readFigures(reader)];
      const plots =
        asked.kind === "config"
          ? configPlots(runs, await readPlotConfig(asked.config, runs, figures))
          : criterionPlots(runs, asked.dataKey, figureNamed(figures, asked.criterion));
      return await writePlotsWithProgress(asked.output, plots, plots.title, terminal);
    } finally {
      await reader.close();
    }
  },
};

type Asked =
  | { readonly kind: "config"; readonly config: string; readonly output: string }
  | { readonly kind: "criterion"; readonly output: string; readonly dataKey: string; readonly criterion: string };

function askedOf(given: Given): Asked {
  const [output, dataKey, criterion] = ["output_file", "dataset_key", "criterion"].map(given.optionalArgument);
  const config = given.option("config");
  if (config !== undefined && dataKey === undefined)
    return { kind: "config", config, output: output ?? `${basename(config, extname(config))}.pdf` };
  if (config === undefined && output !== undefined && dataKey !== undefined && criterion !== undefined)
    return { kind: "criterion", output, dataKey, criterion };
  throw new MosaicError(
    "bad-usage",
    `give a database, an output file, ${config === undefined ? "a data set key and a criterion, as in" : "and nothing more:"} ${
      config === undefined
        ? "mosaic metaplot results.db loss.pdf data_Digits test_loss"
        : "mosaic metaplot --config plot.ini results.db plots.pdf"
    }`,
  );
}
