import { readFileSync } from "node:fs";
import { DataLoader, fromArray, nn, Subset, type Tensor, TensorDataset } from "@ml-mosaic/tensor";
import type { DataModule, Info, Loaders, PipelineModule } from "ml-mosaic";

const trainSize = 300;

/** Points [2] of two moons, and on which of them they lie, 0 or 1. */
export class Moons implements DataModule {
  readonly file: string;
  readonly batchSize: number;

  constructor({ file, batch_size }: { file: string; batch_size: number }) {
    this.file = file;
    this.batchSize = batch_size;
  }

  prepare(): Loaders {
    const rows = readFileSync(new URL(this.file, import.meta.url), "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(",").map(Number));
    const points = Float32Array.from(rows.flatMap((row) => row.slice(0, 2)));
    const labels = Float32Array.from(rows.flatMap((row) => row.slice(2)));
    const dataset = new TensorDataset(fromArray(points, [rows.length, 2]), fromArray(labels, [rows.length, 1]));
    const all = Array.from(rows.keys());
    return [
      new DataLoader(new Subset(dataset, all.slice(0, trainSize)), { batchSize: this.batchSize, shuffle: true }),
      new DataLoader(new Subset(dataset, all.slice(trainSize)), { batchSize: this.batchSize }),
    ];
  }

  info(): Info {
    return { batch_size: this.batchSize };
  }
}

/** One hidden layer. */
export class Network extends nn.Sequential implements PipelineModule {
  constructor({ width }: { width: number }) {
    super(new nn.Linear(2, width), new nn.ReLU(), new nn.Linear(width, 1));
  }

  override forward(points: Tensor): Tensor {
    return super.forward(points);
  }

  info(): Info {
    return {};
  }
}
