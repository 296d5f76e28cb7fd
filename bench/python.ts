/**
 * What a run of Python classes costs beside its training: `node bench/python.ts [seconds a training]`. Limits: 2 % of runs of
 * 10 s, 60 ms for a run of a single step.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pythonPath } from "@ml-mosaic/python";

interface Measured {
  readonly python: string;
  readonly torch: string;
  readonly loops: readonly {
    readonly batchSize: number;
    readonly width: number;
    readonly epochs: number;
    readonly hand: number;
    /** By hand too, with the accuracies that the worker gives. */
    readonly counting: number;
    readonly worker: number;
  }[];
  readonly runs: { readonly withFiles: number; readonly withoutFiles: number; readonly byHand: number };
}

const [seconds = "10"] = process.argv.slice(2);
const script = join(import.meta.dirname, "peers", "python_loop.py");
const { python, torch, loops, runs }: Measured = JSON.parse(
  execFileSync("/usr/bin/python3", ["-B", script, seconds], {
    env: { ...process.env, PYTHONPATH: pythonPath },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }),
);
const lines = [`Python ${python}, torch ${torch}, one thread, processor time`];
for (const { batchSize, width, epochs, hand, counting, worker } of loops)
  lines.push(
    `batches of ${batchSize}, width ${width}, ${epochs} epochs: by hand ${counting.toFixed(2)} s (${hand.toFixed(2)} s without accuracies), by the worker ${worker.toFixed(2)} s, ratio ${(worker / counting).toFixed(3)} (${(worker / hand).toFixed(3)})`,
  );
const milliseconds = (value: number) => `${(1000 * value).toFixed(0)} ms`;
lines.push(
  `a run of one step: ${milliseconds(runs.withoutFiles)} without files, ${milliseconds(runs.withFiles)} with its files, ${milliseconds(runs.byHand)} by hand`,
);
process.stdout.write(`${lines.join("\n")}\n`);
