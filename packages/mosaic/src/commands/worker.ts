import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { stopSignals } from "@ml-mosaic/base";
import { command } from "@ml-mosaic/command-line";
import { float, int, path, refine, schema, string, within } from "@ml-mosaic/configurable";
import { MosaicError } from "../errors.ts";
import { engineVersion } from "../experiment/environment.ts";
import { beginPilot } from "../pilot/begin-pilot.ts";
import { engineDevice } from "../run/device.ts";
import { meetAtSpool } from "../spool/meeting.ts";
import { readAddress } from "../tcp/address.ts";
import { meetAtPort } from "../tcp/meeting.ts";
import { readToken, tokenFile } from "../tcp/token.ts";

/** How long runs may take to come to rest, by what asks them to: Slurm kills 30 s after SIGTERM. */
const termMilliseconds = 20_000;
const userMilliseconds = 100_000;

/** Where the engine computes, and PyTorch on Apple's graphics devices. */
const deviceName = refine(string, "cpu, webgpu, cuda:0, cuda:1… or mps", (name) => {
  try {
    return name === "mps" || engineDevice(name) !== undefined;
  } catch {
    return false;
  }
});

export const workerCommand = command({
  name: "worker",
  summary: "Take runs from a supervisor anywhere, through a folder that both see or a port, until none is left.",
  arguments: {
    supervisor: schema(string, {
      help: "the folder that mosaic run --spool names, or tcp://HOST:PORT for mosaic run --listen",
    }),
  },
  options: {
    runs: schema(within(int, { minimum: 1 }), { default: 1, help: "runs at a time" }),
    device: schema(deviceName, { default: "cpu", help: "where they are computed, such as cuda:0" }),
    linger: schema(within(float, { minimum: 0 }), {
      default: 600,
      help: "seconds to wait for a supervisor, the first one or the next",
    }),
    "data-root": schema(path, {
      optional: true,
      words: "DIR",
      help: "where the data lies here that lies in data_root of [MONITOR] there, for a worker at a port that sees nothing of it",
    }),
    python: schema(string, {
      optional: true,
      help: "for such a worker: Python for .py classes; else that of the active environment, else python3",
    }),
  },
  examples: [
    "mosaic worker /shared/spool",
    "mosaic worker /shared/spool --runs 4 --linger 60",
    "mosaic worker tcp://10.0.0.1:7000",
    "mosaic worker tcp://10.0.0.1:7000 --data-root /mnt/data",
  ],
  async run(given, terminal) {
    const data = given["data-root"];
    if (data !== undefined && statSync(data, { throwIfNoEntry: false })?.isDirectory() !== true)
      throw new MosaicError("NO_DATA", `--data-root: ${resolve(data)} is no folder here`);
    const { SLURM_JOB_ID: job, SLURMD_NODENAME: node = hostname() } = process.env;
    const leave = new AbortController();
    let restMilliseconds = userMilliseconds;
    const asked = (name: NodeJS.Signals) => {
      if (name !== "SIGUSR2") restMilliseconds = termMilliseconds;
      leave.abort(`it got ${name}${name === "SIGUSR2" && job !== undefined ? ", as its time is nearly over" : ""}`);
    };
    const names: readonly NodeJS.Signals[] = ["SIGINT", ...stopSignals];
    for (const name of names) process.on(name, asked);
    const say = (line: string) => terminal.err(`${new Date().toISOString()} ${line}\n`);
    const name = [job, node, process.pid, randomBytes(3).toString("hex")]
      .filter((part) => part !== undefined)
      .join("-");
    try {
      const [, address] = /^tcp:\/\/(.*)$/.exec(given.supervisor) ?? [];
      const meeting =
        address === undefined
          ? await meetAtSpool(resolve(given.supervisor), name, say)
          : meetAtPort(readAddress(address), await readToken(tokenFile(), false), name);
      say(`worker ${name} waits for a supervisor at ${given.supervisor}`);
      const how = await beginPilot(meeting, {
        version: engineVersion(),
        runs: given.runs,
        device: given.device,
        lingerMilliseconds: 1000 * given.linger,
        say,
        leave: leave.signal,
        restMilliseconds: () => restMilliseconds,
        place: { dataRoot: data, python: given.python },
      });
      say(
        {
          done: "no run is left",
          nobody: "no supervisor has come",
          left: "left",
          refused: "cannot take runs",
          "given up": "given up",
        }[how],
      );
      return how === "refused" ? 2 : how === "nobody" || how === "given up" ? 3 : 0;
    } finally {
      for (const name of names) process.off(name, asked);
    }
  },
});
