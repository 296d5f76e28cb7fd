import { Preprocessing, Segmentation } from "@ml-mosaic/bigsf";
import { Trainer } from "@ml-mosaic/training";

const patches = await Preprocessing.fromConfig("configs/config_preprocess.yaml").run();
console.log(`patches ${patches.kind}`);

const { epochsDone, test } = await Trainer.fromConfig("configs/training.yaml").train();
console.log(`${epochsDone} epochs; test set: ${Object.keys(test?.metrics ?? {}).join(", ")}`);

const result = await Segmentation.fromConfig("configs/config_segment.yaml").run({
  onProgress: (done, total) => {
    if (done === total) console.log(`${total} patches`);
  },
});
if (result.kind === "written") console.log(`${result.counts.valid} of ${result.pixels} pixels have data`);
