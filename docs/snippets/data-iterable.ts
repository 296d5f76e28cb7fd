import { DataLoader, type Generator, type IterableDataset, type Sample, tensor } from "@ml-mosaic/tensor";

/** Points on a noisy line, new ones in each epoch; they could as well come from a network or a database. */
class NoisyLine implements IterableDataset {
  *iterate(generator: Generator): Iterable<Sample> {
    for (let index = 0; index < 10; index++) {
      const x = generator.uniform(-1, 1);
      yield [tensor([x]), tensor([2 * x + generator.normal(0, 0.1)])];
    }
  }
}

for await (const [x] of new DataLoader(new NoisyLine(), { batchSize: 4, dropLast: true })) console.log(String(x));
