import { jsonText } from "@ml-mosaic/command-line";
import { boolean, literal, path, schema, string } from "@ml-mosaic/configurable";
import type { DataReport } from "../compare/data-report.ts";
import { type CompareReport, compareRuns } from "../compare/report.ts";
import { defaultRope, ropeType } from "../compare/rope.ts";
import { scaleChoices } from "../compare/scale.ts";
import { rankDirection } from "../figures/figure.ts";
import { defaultCriterion } from "../figures/run-figures.ts";
import { selectRuns } from "../selection/select-runs.ts";
import { explainText } from "./compare-explain.ts";
import { dataNotes, reportNotes } from "./compare-notes.ts";
import { overallNotes } from "./compare-overall-text.ts";
import { compareText } from "./compare-text.ts";
import { headline } from "./compare-words.ts";
import { plotCommand } from "./plot-command.ts";
import { databaseArgument } from "./read-database.ts";
import { optionalSelectorOf, selectorOptions } from "./selector-options.ts";

export const compareCommand = plotCommand({
  spec: {
    name: "compare",
    summary: "Say which model is better, by how much, and how sure that is.",
    arguments: {
      ...databaseArgument,
      criterion: schema(string, {
        help: "what to compare: a result such as test_loss, trainability or duration(s), or a metric such as f1",
        default: defaultCriterion,
      }),
    },
    options: {
      by: schema(string, {
        optional: true,
        words: "NAME",
        help: "group models by key, type or an option (width, lr, Mlp_width…) and average",
      }),
      data: schema(string, { optional: true, words: "KEY", help: "look at this data set only" }),
      ...selectorOptions,
      rope: schema(ropeType, {
        optional: true,
        words: "R",
        help: "differences up to R count as none: 0.02, or 2% of the better mean (default: 1%)",
      }),
      scale: schema(literal(...scaleChoices), {
        default: "auto",
        help: "compare by ratios (log) or differences (linear); auto goes by what the criterion is and the sign of its values",
      }),
      explain: schema(string, {
        optional: true,
        words: "PAIR",
        help: "print the reasoning about one pair in full: two places of the table (1,2), or two names with a slash between",
      }),
      all: schema(boolean, { help: "list every pair of models and every data set" }),
      plot: schema(path, {
        optional: true,
        words: "FILE",
        help: "also draw it: .pdf, .svg, .png, or .csv for the figures",
      }),
      json: schema(boolean, { help: "write JSON for programs, with every figure" }),
    },
    preconditions(given) {
      optionalSelectorOf(given);
    },
    examples: [
      "mosaic compare results.db",
      "mosaic compare results.db test_acc --by key",
      "mosaic compare results.db 'duration(s)' --data data_Digits --rope 5%",
      "mosaic compare results.db --explain 1,2",
      "mosaic compare results.db --plot verdicts.pdf",
    ],
  },
  output: (given) => given.plot,
  async read(reader, given) {
    const selector = optionalSelectorOf(given);
    return compareRuns(reader, {
      runIds: selector && (await selectRuns(reader, selector)),
      criterion: given.criterion,
      by: given.by,
      data: given.data,
      rope: given.rope ?? defaultRope,
      scale: given.scale,
      all: given.all,
    });
  },
  print(report, given) {
    if (given.json) return `${jsonText(reportJson(report))}\n`;
    const explain = given.explain;
    return `${explain === undefined ? compareText(report, given.all) : explainText(report, explain)}\n`;
  },
  async draw(report, given) {
    const { comparePlots } = await import("../plots/pages/comparison.ts");
    const texts = {
      // The cells say the rest.
      verdicts: ({ pairs, models }: DataReport) =>
        pairs.length === 0
          ? []
          : [
              headline(
                models.flatMap(({ model, rank }) => (rank === null ? [] : [model])),
                pairs,
              ),
            ],
      notes: (data: DataReport) => dataNotes(data),
      overall: report.overall === null ? [] : overallNotes(report.overall),
      common: reportNotes(report),
    };
    return comparePlots(report, texts, given.all);
  },
});

function reportJson(report: CompareReport): unknown {
  const { criterion } = report;
  return { ...report, criterion: { column: criterion.name, direction: rankDirection(criterion) } };
}
