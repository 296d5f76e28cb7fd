import { writeFile } from "node:fs/promises";
import { createLogUpdate } from "log-update";
import { chooseDatabase } from "../control/choose-database.ts";
import { askExperiment } from "../control/control-client.ts";
import type { AwaitedRun } from "../control/protocol.ts";
import { listExperiments } from "../control/registry.ts";
import { MosaicError } from "../errors.ts";
import { replaceFiles, requireReplaceable } from "../files/replace-files.ts";
import type { CommandSpec, Terminal } from "./command.ts";
import { shellText } from "./shell-text.ts";
import { clockText, countText } from "./text.ts";

export const pauseCommand: CommandSpec = {
  name: "pause",
  summary: "Let a running experiment come to rest, and write down what is left of it.",
  arguments: [{ name: "pipeline_file", help: "file to write what is left to (.json); mosaic resume takes it" }],
  options: [
    {
      name: "now",
      help: "leave the running runs in the middle, instead of waiting for their end; they go on from there",
    },
    { name: "db", value: "DATABASE", help: "which experiment, where several are running" },
  ],
  examples: ["mosaic pause left.json", "mosaic pause left.json --now"],
  async run(given, terminal) {
    const target = given.argument("pipeline_file");
    const database = await chooseDatabase(given.option("db"));
    const experiment = (await listExperiments()).find((each) => each.database === database && each.liveness !== "dead");
    if (experiment === undefined) throw new MosaicError("no-experiment", `no experiment is running in ${database}`);
    // A path that cannot be written is known before anything is paused.
    await requireReplaceable(target);
    const view = openWaitingView(terminal);
    try {
      for await (const answer of askExperiment(experiment, {
        kind: "pause",
        mode: given.switched("now") ? "now" : "finish",
      })) {
        switch (answer.kind) {
          case "waiting":
            view.show(answer.runs);
            break;
          case "refused":
            throw new MosaicError("pause-refused", answer.message);
          case "paused":
            view.close();
            if (answer.left === 0) {
              terminal.out(`All runs of ${database} have ended; nothing is left, and no file is written.\n`);
              return 0;
            }
            await replaceFiles([target], ([temporary = ""]) =>
              writeFile(temporary, `${JSON.stringify(answer.file, null, "\t")}\n`),
            );
            terminal.out(
              `${countText(answer.left, "run")} left, written to ${target}. To go on: mosaic resume ${shellText(target)}\n`,
            );
            return 0;
          default:
            answer satisfies never;
        }
      }
      throw new MosaicError(
        "experiment-does-not-answer",
        `the experiment of ${database} ended before it answered; mosaic status ${database} shows how it stands`,
      );
    } finally {
      view.close();
    }
  },
};

interface WaitingView {
  show(runs: readonly AwaitedRun[]): void;
  close(): void;
}

/** What is waited for: in place on a terminal, else a line whenever a run has ended. */
function openWaitingView({ isLive, err }: Terminal): WaitingView {
  const live = isLive ? createLogUpdate(process.stderr) : undefined;
  let shown: string | undefined;
  return {
    show(runs) {
      const head = `Waiting for ${countText(runs.length, "run")}:`;
      const lines = runs.map(({ runId, description, seconds, epoch, epochs }) => {
        const progress = epochs === 0 ? "starting" : `epoch ${epoch}/${epochs}`;
        return `  run ${runId}  ${progress}  ${clockText(seconds)}  ${description}`;
      });
      if (live !== undefined) live([head, ...lines].join("\n"));
      else {
        const ids = runs.map(({ runId }) => runId).join(", ");
        if (ids !== shown && runs.length > 0) err(`${head} ${ids}\n`);
        shown = ids;
      }
    },
    close() {
      live?.clear();
      live?.done();
    },
  };
}
