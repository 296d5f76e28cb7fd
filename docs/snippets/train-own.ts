import { readFile } from "node:fs/promises";
import { Trainer } from "@ml-mosaic/training";

const { epochs, stoppedEarly } = await Trainer.fromConfig("own.yaml").train();
const last = epochs.at(-1);
const rates = epochs.slice(0, 6).map(({ lr }) => lr.toFixed(4));
console.log(`learning rates ${rates.join(" ")} …`);
console.log(`stopped early: ${stoppedEarly}, below the loss asked for: ${(last?.validLoss ?? 1) < 0.01}`);
console.log(`figures: ${Object.keys(last?.metrics ?? {})}`);
const lines = (await readFile("epochs.jsonl", "utf8")).trimEnd().split("\n");
console.log(`a line for each epoch: ${lines.length === epochs.length}`);
