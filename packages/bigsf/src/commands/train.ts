import { stopSignals } from "@ml-mosaic/base";
import { command, pathText, StatusLines } from "@ml-mosaic/command-line";
import { boolean, int, schema, within } from "@ml-mosaic/configurable";
import { pauseOnSignals, Trainer } from "@ml-mosaic/training";
import "../components.ts";
import { checkTraining } from "../cross-validation/check-training.ts";
import { checkSingle } from "../cross-validation/validation-folder.ts";
import { BigsfError } from "../errors.ts";
import { configOption } from "./config-option.ts";
import { epochText, labelLine, progressText, testText } from "./training-text.ts";

export const trainCommand = command({
  name: "train",
  summary: "Train a model on one split of the patches. The same command goes on where it was stopped.",
  arguments: {},
  options: {
    ...configOption,
    split: schema(within(int, { minimum: 1 }), {
      default: 1,
      words: "N",
      help: "which split to train on, counted from 1",
    }),
    overwrite: schema(boolean, { help: "begin anew where the folder holds a run already" }),
  },
  examples: ["bigsf train -c configs/training.yaml"],
  async run(given, terminal) {
    const split = given.split - 1;
    const existing = given.overwrite ? "overwrite" : "resume";
    const config = given.config;
    const trainer = await Trainer.fromConfig(config, { split, existing });
    const splits = await trainer.data.splitCount();
    if (split >= splits)
      throw new BigsfError(
        "FOLDS",
        `--split is ${split + 1}: the data have ${splits === 1 ? "one split" : `${splits} splits`}`,
      );
    await checkSingle(trainer.folder);
    await checkTraining(trainer, [split]);
    const { data } = trainer;
    const status = new StatusLines(terminal);
    const pause = pauseOnSignals(["SIGINT", ...stopSignals]);
    try {
      for (const notice of await data.notices()) status.print(notice);
      if (splits > 1)
        status.print(
          `Split ${split + 1} of ${splits}; bigsf train-k-fold trains all of them, bigsf train --split another.`,
        );
      const result = await trainer.train({
        pause: pause.signal,
        onProgress: (progress) => status.show([progressText(progress)]),
        onEpoch: (epoch) => status.print(epochText(epoch, trainer.settings.epochs)),
        onWarning: (message) => status.print(`Note: ${message}`),
      });
      status.end();
      const folder = pathText(result.folder);
      if (result.paused) {
        terminal.err(`Stopped after ${result.epochsDone} epochs; the same command goes on from ${folder}.\n`);
        return 3;
      }
      if (result.stoppedEarly) terminal.err(`Stopped early, after ${result.epochsDone} epochs.\n`);
      if (result.test !== undefined)
        terminal.out(
          `${testText(result.test)}\n\n${labelLine(result.test)}${result.test.snapshot} epoch ${result.test.epoch} of ${result.epochsDone}: ${folder}/${result.test.snapshot}.safetensors\n`,
        );
      return 0;
    } finally {
      status.end();
      pause.release();
      await data.close();
    }
  },
});
