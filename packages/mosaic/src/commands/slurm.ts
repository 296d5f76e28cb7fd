import { resolve } from "node:path";
import { command, interruptible, type Terminal, tableText } from "@ml-mosaic/command-line";
import { float, literal, path, schema, within } from "@ml-mosaic/configurable";
import { readExperiment } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import { askNodes, type Finding } from "../slurm/doctor.ts";
import { probeNode, probeVariable } from "../slurm/probe.ts";
import { overridesArgument } from "./overrides-argument.ts";
import { spoolFolder } from "./spool-options.ts";

export const slurmCommand = command({
  name: "slurm",
  summary: "Find out by a short job in each partition whether the nodes have what runs need.",
  arguments: {
    action: schema(literal("doctor"), { help: "asks the nodes" }),
    config_file: schema(path, { help: "configuration file (.ini) with [SLURM], or its options as arguments" }),
    ...overridesArgument,
  },
  options: {
    wait: schema(within(float, { minimum: 0 }), {
      default: 600,
      help: "seconds for which jobs may wait to be started",
    }),
  },
  examples: ["mosaic slurm doctor config.ini", "mosaic slurm doctor config.ini SLURM.partition=cpu,gpu --wait 60"],
  async run({ config_file: file, overrides = [], wait }, terminal) {
    if (process.env[probeVariable] !== undefined) {
      await probeNode(resolve(file));
      return 0;
    }
    const experiment = await readExperiment(file, overrides, "slurm");
    const { slurm } = experiment;
    if (slurm === undefined) throw new MosaicError("NO_SLURM", `${file} has no section [SLURM]`);
    const findings = await interruptible((signal) =>
      askNodes(
        { ...experiment, slurm },
        {
          spool: spoolFolder({ ...experiment, slurm }, "doctor"),
          waitSeconds: wait,
          say: (line) => terminal.err(`${line}\n`),
          signal,
        },
      ),
    );
    tellFindings(findings, terminal);
    return findings.some(({ problems }) => problems.length > 0) ? 2 : 0;
  },
});

function tellFindings(findings: readonly Finding[], { out }: Terminal): void {
  const name = ({ partition }: Finding) => (partition === "" ? "(default)" : partition);
  const asked = findings.flatMap((finding) => {
    const { answer, clockSeconds } = finding;
    if (answer === undefined) return [];
    const { host, version, versions, processor, cores, limits, folder } = answer;
    const clock = clockSeconds === 0 ? "no difference seen" : `${clockSeconds.toFixed(1)} s away`;
    const rows = [
      ["node", `${host}, ${processor}, ${cores} of its processors`],
      ["versions", [version, versions].filter((text) => text !== "").join(", ")],
      ["folder", folder],
      ["clock", clock],
      ["limits", limits],
    ];
    return [`${name(finding)}\n${tableText(["", ""], rows, [])}`];
  });
  for (const text of asked) out(`${text}\n\n`);
  const problems = findings.flatMap((finding) => finding.problems.map((problem) => `${name(finding)}: ${problem}\n`));
  for (const problem of problems) out(problem);
  const processors = new Set(findings.flatMap(({ answer }) => (answer === undefined ? [] : [answer.processor])));
  if (processors.size > 1)
    out(
      "The processors are of several models, and runs come to other last bits on each: executor = wasm has the same on all.\n",
    );
  if (problems.length === 0) out("Nothing is in the way of runs there.\n");
}
