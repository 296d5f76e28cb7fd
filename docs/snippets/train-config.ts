import { readdir } from "node:fs/promises";
import { Trainer } from "@ml-mosaic/training";

const { epochsDone, best, test } = await Trainer.fromConfig("training.yaml").train({
  onEpoch: ({ epoch, lr, metrics }) => {
    if (epoch % 5 === 0)
      console.log(`epoch ${epoch}, learning rate ${lr.toFixed(4)}, ${Object.keys(metrics).join(", ")}`);
  },
});
const { roc_auc = 0 } = test?.metrics ?? {};
console.log(`${epochsDone} epochs; more than 95 % of the ranking right: ${roc_auc > 0.95}`);
console.log(`tested: ${test?.snapshot}, of the epoch with the smallest loss: ${test?.epoch === best?.epoch}`);
console.log((await readdir("results/moons")).join("\n"));
