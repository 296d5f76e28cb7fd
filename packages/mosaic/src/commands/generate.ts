import { countText } from "@ml-mosaic/base";
import { command } from "@ml-mosaic/command-line";
import { formatProblem } from "@ml-mosaic/configurable";
import { countPipelines, generatePipelines, readExperiment, writePipelineFile } from "../config/index.ts";

export const generateCommand = command({
  name: "generate",
  summary: "Write the pipelines that a configuration file describes, without training them.",
  arguments: [
    { name: "config_file", help: "configuration file (.ini)" },
    { name: "pipelines_file", help: "file to write (.json)" },
  ],
  options: [],
  examples: ["mosaic generate config.ini pipelines.json"],
  async run(given, { out, err }) {
    const experiment = await readExperiment(given.config_file);
    for (const notice of experiment.notices) err(`${formatProblem(notice)}\n`);
    const file = given.pipelines_file;
    await writePipelineFile(file, generatePipelines(experiment));
    const pipelines = countPipelines(experiment);
    const { multiplicity } = experiment.monitor;
    out(
      `${countText(pipelines, "pipeline")} written to ${file}; with multiplicity ${multiplicity} they make ${countText(pipelines * multiplicity, "run")}.\n`,
    );
    return 0;
  },
});
