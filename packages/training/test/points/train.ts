/** A process that trains, and tells what it does line by line: `node train.ts <config.yaml or snapshot>`. */
import { setTimeout as wait } from "node:timers/promises";
import { pauseOnSignals, Trainer } from "@ml-mosaic/training";

const [, , path = ""] = process.argv;
const { signal, release } = pauseOnSignals();
const trainer = path.endsWith(".safetensors") ? Trainer.fromSnapshot(path) : Trainer.fromConfig(path);
const { paused } = await trainer.train({
  pause: signal,
  snapshotSeconds: 0,
  onEpoch: ({ epoch }) => console.log(`epoch ${epoch}`),
  async onProgress({ phase, epoch, batches }) {
    console.log(`${phase} ${epoch} ${batches}`);
    // Whoever wants to end it has time for that.
    await wait(20);
  },
});
release();
console.log(paused ? "paused" : "done");
