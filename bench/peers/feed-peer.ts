/** Our side of bench/data-feed.ts: reads one case a line, answers as peers/feed_torch.py does. */
import { createInterface } from "node:readline";
import { DataLoader, fromArray, type Sample, tensor } from "@ml-mosaic/tensor";

const samples = 2000;
const epochs = 5;

console.log(JSON.stringify({ version: `node ${process.versions.node}` }));
for await (const line of createInterface({ input: process.stdin })) {
  const { shape, kind }: { shape: number[]; kind: string } = JSON.parse(line);
  const size = shape.reduce((product, length) => product * length, 1);
  const values = Float32Array.from({ length: samples * size }, (_, index) => Math.sin(index));
  const images = fromArray(values, [samples, ...shape]);
  const target = tensor([1]);
  const gets: Readonly<Record<string, (index: number) => Sample | Promise<Sample>>> = {
    select: (index) => [images.select(0, index), target],
    "asynchronous select": async (index) => [images.select(0, index), target],
    "asynchronous array": async (index) => [
      fromArray(values.slice(index * size, (index + 1) * size), shape),
      tensor([1]),
    ],
    computed: async (index) => [images.select(0, index).sub(0.5).div(0.25), target],
  };
  const get = gets[kind];
  if (get === undefined) throw new Error(`no kind ${kind}`);
  const loader = new DataLoader({ length: samples, get }, { batchSize: 32, shuffle: true });
  const epoch = async () => {
    let seen = 0;
    for await (const [batch] of loader) seen += batch?.size(0) ?? 0;
    if (seen !== samples) throw new Error(`${seen} samples`);
  };
  await epoch();
  const before = process.cpuUsage();
  for (let index = 0; index < epochs; index++) await epoch();
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ milliseconds: (user + system) / 1000 / epochs }));
}
