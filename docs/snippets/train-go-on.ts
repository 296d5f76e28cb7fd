import { loadSnapshotModel, Trainer } from "@ml-mosaic/training";

const overrides = { trainer: { run_name: "paused", epochs: 6 } };
const pause = new AbortController();
const first = await Trainer.fromConfig("training.yaml", { overrides }).train({
  pause: pause.signal,
  // In a command: pauseOnSignals().signal, so that Ctrl-C pauses.
  onProgress: ({ phase, epoch, batches }) => {
    if (phase === "train" && epoch === 2 && batches > 3) pause.abort();
  },
});
console.log(`paused: ${first.paused}, epochs done: ${first.epochsDone}`);

// Perhaps in another process, on another day.
const second = await Trainer.fromSnapshot("results/paused/last.safetensors").train();
console.log(`then trained: ${second.epochs.map(({ epoch }) => epoch)}`);

const whole = await Trainer.fromConfig("training.yaml", {
  overrides: { trainer: { run_name: "whole", epochs: 6 } },
}).train();
console.log(`as one that was not paused: ${whole.test?.loss === second.test?.loss}`);

const { model, snapshot } = await loadSnapshotModel("results/paused/best.safetensors");
console.log(
  `${model.parameters().length} parameters, of the best epoch: ${snapshot.trainInfo.epoch === second.best?.epoch}`,
);
