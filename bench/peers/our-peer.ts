/** Our side of the benchmarks: reads one case a line, answers as peers/torch_peer.py does. */
import { createInterface } from "node:readline";
import type { TrainingCase } from "../peers.ts";
import { type PreparedTraining, prepareTraining } from "./prepare-training.ts";

console.log(JSON.stringify({ version: `node ${process.versions.node}` }));
// Rounds of one case go on with one training: the process has the memory of that.
let last: { readonly line: string; readonly prepared: PreparedTraining } | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const training: TrainingCase = JSON.parse(line);
  if (last?.line !== line) {
    last?.prepared.release();
    last = { line, prepared: await prepareTraining(training) };
  }
  const { run, compileMilliseconds } = last.prepared;
  await run(Math.max(2, Math.floor(training.steps / 10)));
  const start = process.cpuUsage();
  const startMilliseconds = performance.now();
  await run(training.steps);
  const wallMicroseconds = ((performance.now() - startMilliseconds) * 1000) / training.steps;
  const microseconds = process.cpuUsage(start).user / training.steps;
  const megabytes = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ microseconds, wallMicroseconds, megabytes, compileMilliseconds }));
}
last?.prepared.release();
