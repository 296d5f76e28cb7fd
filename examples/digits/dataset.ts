import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataLoader, fromArray, Generator, randomSplit, TensorDataset } from "@ml-mosaic/tensor";
import type { DataModule, Info, Loaders, RunInfo } from "ml-mosaic";

const side = 8;
const brightest = 16;

/** Images [1, 8, 8] with values from 0 to 1, and the digits that they show. */
export class Digits implements DataModule {
  readonly batchSize: number;
  readonly trainProp: number;

  constructor({ batch_size, train_prop }: { batch_size: number; train_prop: number }) {
    this.batchSize = batch_size;
    this.trainProp = train_prop;
  }

  prepare(_data: unknown, runInfo: RunInfo): Loaders {
    const text = gunzipSync(readFileSync(new URL("digits.csv.gz", import.meta.url))).toString();
    const rows = text
      .trim()
      .split("\n")
      .map((line) => line.split(",").map(Number));
    const pixels = Float32Array.from(
      rows.flatMap((row) => row.slice(0, -1)),
      (value) => value / brightest,
    );
    const labels = BigInt64Array.from(rows, (row) => BigInt(row.at(-1) ?? 0));
    const dataset = new TensorDataset(
      fromArray(pixels, [rows.length, 1, side, side]),
      fromArray(labels, [rows.length]),
    );
    const trainSize = Math.round(rows.length * this.trainProp);
    const generator = new Generator(runInfo.seed).stream("data");
    const [train, test] = randomSplit(dataset, [trainSize, rows.length - trainSize], { generator });
    return [
      new DataLoader(train, { batchSize: this.batchSize, shuffle: true }),
      new DataLoader(test, { batchSize: 128 }),
    ];
  }

  info(): Info {
    return { batch_size: this.batchSize, side, classes: 10 };
  }
}
