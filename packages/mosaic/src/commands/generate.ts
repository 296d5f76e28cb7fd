import { countText } from "@ml-mosaic/base";
import { command } from "@ml-mosaic/command-line";
import { formatProblem, path, schema } from "@ml-mosaic/configurable";
import { countPipelines, type Experiment, generateRuns, readExperiment, writePipelineFile } from "../config/index.ts";
import { leftOutText } from "./choice-text.ts";
import { misplacedOverride, overridesArgument } from "./overrides-argument.ts";

export const generateCommand = command({
  name: "generate",
  summary: "Write the pipelines that a configuration file describes, without training them.",
  arguments: {
    config_file: schema(path, { help: "configuration file (.ini)" }),
    pipelines_file: schema(path, { help: "file to write (.json)" }),
    ...overridesArgument,
  },
  options: {},
  preconditions: ({ pipelines_file }) => misplacedOverride("pipelines_file", pipelines_file),
  examples: ["mosaic generate config.ini pipelines.json"],
  async run(given, { out, err }) {
    const experiment = await readExperiment(given.config_file, given.overrides);
    for (const notice of experiment.notices) err(`${formatProblem(notice)}\n`);
    const file = given.pipelines_file;
    await writePipelineFile(file, repeated(experiment));
    const pipelines = countPipelines(experiment);
    const { multiplicity } = experiment.monitor;
    const repetitions = multiplicity === 1 ? "" : `, each ${multiplicity} times in a row`;
    const runs = countText(pipelines * multiplicity, "run");
    out(`${countText(pipelines, "pipeline")}${repetitions}, written to ${file}: entry n is run n, of ${runs}${leftOutText(experiment)}.
`);
    return 0;
  },
});

/** As the runs of a new database are: every pipeline as often as `multiplicity` says. */
function* repeated(experiment: Experiment) {
  for (const { pipeline } of generateRuns(experiment, experiment.monitor.multiplicity)) yield pipeline;
}
