import { DataLoader, type Dataset, type Generator, manualSeed, type Sample, tensor } from "@ml-mosaic/tensor";

/** Four numbers, each with a random sign, drawn anew in every epoch. */
const numbers: Dataset = {
  length: 4,
  get: (index: number, generator: Generator): Sample => [tensor([generator.uniform() < 0.5 ? -1 - index : 1 + index])],
};

manualSeed(0);
const loader = new DataLoader(numbers, { batchSize: 4 });
for (let epoch = 0; epoch < 3; epoch++) {
  for await (const [x] of loader) console.log(JSON.stringify(await x?.toArray()));
}
