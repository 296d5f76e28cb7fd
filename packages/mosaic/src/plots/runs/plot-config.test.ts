import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { writeExampleDatabase } from "../../../test/plot-examples.ts";
import { readFigures } from "../../figures/known-figures.ts";
import { runFigures } from "../../figures/run-figures.ts";
import { openSqliteReader } from "../../store/index.ts";
import { configPlots } from "../pages/sections.ts";
import { textWidth } from "../write/fonts.ts";
import { readPlotConfig } from "./plot-config.ts";
import { type PlotRun, readPlotRuns } from "./plot-runs.ts";
import { filterRuns } from "./run-filter.ts";

let folder: string;
let runs: readonly PlotRun[];

beforeAll(async () => {
  folder = temporaryFolder("mosaic plot config ");
  await writeExampleDatabase(
    join(folder, "runs.db"),
    ["or", "and"].flatMap((dataKey) =>
      ["brick", "funnel"].flatMap((modelKey) =>
        [1, 2, 3].flatMap((width) =>
          [0, 1, 2, 3, 4].map((repetition) => ({
            dataKey,
            modelKey,
            width,
            repetition,
            result: { test_loss: width + repetition / 10, nb_params: 10 * width },
          })),
        ),
      ),
    ),
  );
  const reader = await openSqliteReader(join(folder, "runs.db"));
  runs = await readPlotRuns(reader, await readFigures(reader));
  await reader.close();
});

async function read(text: string) {
  const file = join(folder, "plot.ini");
  await writeFile(file, text);
  return readPlotConfig(file, runs, runFigures);
}

test("each section is a page of the runs that it takes", async () => {
  const required = "abscissae = Mlp_width\nordinates = test_loss";
  const sections = await read(`[lines]\n${required}\ninclude_keys = or
[boxes]\n${required}\nplot_type = box\ninclude_keys = or, and, brick\nexcludes = Mlp_width=3
[violins]\n${required}\nplot_type = violin\ninclude_values = Mlp_width=1, Mlp_width=2.0, nb_params=20
[points]\n${required}\nplot_type = point\nplot_scale = loglog\nerrorbars_style = bars\nexcludes = or, funnel\n`);
  expect(sections.map((section) => filterRuns(runs, section).length)).toEqual([30, 20, 20, 15]);
  const plots = configPlots(runs, sections);
  const pages = await Array.fromAsync(plots.pages(textWidth));
  const marks = pages.map(({ charts }) =>
    [...JSON.stringify(charts).matchAll(/"mark":\{"type":"(\w+)"/g)].map(([, mark]) => mark),
  );
  expect(marks[0]).toEqual(["area", "area", "line", "point"]);
  expect(marks[1]).toEqual(["rect", "rule", "rule", "rule", "point", "line", "rule"]);
  // Five values have no shape of a violin.
  expect(marks[2]).toEqual(["point", "line", "rule"]);
  expect(marks[3]).toEqual(["rule", "point"]);
  const rows = await Array.fromAsync(plots.table.rows());
  expect(rows).toHaveLength(85);
  expect(rows[0]?.[0]).toBe("lines");
});

test("all mistakes are said at once, with their lines", async () => {
  const faults = await read(`[One]
abscisae = Mlp_width
ordinates = Mlp_width
plot_type = pie
include_keys = brik
include_values = Mlp_widht=2, Mlp_width
[Two]
abscissae = nb_params
ordinates = test_loss
include_values = Mlp_width=17
[One]
`).catch((error: unknown) => String(error));
  for (const line of [
    "plot.ini:1: [One] abscissae: The option must be there.",
    'plot.ini:2: [One] abscisae: There is no such option. Did you mean "abscissae"?',
    'plot.ini:3: [One] ordinates: No run has "Mlp_width" as a result.',
    'plot.ini:4: [One] plot_type: "pie" is none of the choices. Known: line, point, violin, box.',
    'plot.ini:5: [One] include_keys: No run has the key "brik". Did you mean "brick"?',
    'plot.ini:6: [One] include_values: No run has "Mlp_widht". Did you mean "Mlp_width"?',
    'plot.ini:6: [One] include_values: "Mlp_width" has no value.',
    "plot.ini:7: [Two] No run is left to plot.",
    "plot.ini:11: [One] The section is already on line 1.",
  ])
    expect(faults).toContain(line);
});

test.each(["", "# nothing\n"])("a file without sections %j is refused", async (text) => {
  await expect(read(text)).rejects.toThrow(/empty|no section/);
});
