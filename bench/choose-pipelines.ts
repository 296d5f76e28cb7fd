/**
 * Reading an experiment of 100,000 pipelines with `exclude` and `sample`: seconds of the processor from the file to the
 * chosen pipelines.
 */

import { cpus, loadavg } from "node:os";
import { countPipelines, generatePipelines, readExperiment } from "../packages/mosaic/src/config/index.ts";
import { CONFIG, openFolder } from "../packages/mosaic/test/test-config.ts";

const limitSeconds = 3;
const choice = "exclude = mlp_funnel.length > 50 and mlp_funnel.width > 500\nsample = 1000";
const folder = await openFolder();
try {
  const file = await folder.write(
    CONFIG.replace("{2-4}", "{1-1000}")
      .replace("length = 4", "length = {1-100}")
      .replace("[MONITOR]", `${choice}\n[MONITOR]`),
  );
  const start = process.cpuUsage();
  const experiment = await readExperiment(file);
  const chosen = [...generatePipelines(experiment)].length;
  const { user, system } = process.cpuUsage(start);
  const seconds = (user + system) / 1e6;
  const { excluded, unsampled } = experiment.choice;
  console.log(`${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`);
  console.log(
    `${countPipelines(experiment) + excluded + unsampled} pipelines, ${excluded} excluded, ${chosen} chosen: ${seconds.toFixed(2)} s (limit ${limitSeconds} s)`,
  );
  if (seconds > limitSeconds) process.exitCode = 1;
} finally {
  await folder.close();
}
