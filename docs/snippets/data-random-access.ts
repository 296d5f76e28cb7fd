import { open } from "node:fs/promises";
import { DataLoader, type Dataset, fromArray, type Sample } from "@ml-mosaic/tensor";

/** Records of `width` float32 features and one target, in a file that need not fit into memory. */
class RecordFile implements Dataset {
  readonly path: string;
  readonly width: number;
  readonly length: number;

  constructor(path: string, width: number, length: number) {
    this.path = path;
    this.width = width;
    this.length = length;
  }

  async get(index: number): Promise<Sample> {
    const record = new Float32Array(this.width + 1);
    const file = await open(this.path);
    await file.read(record, 0, record.byteLength, index * record.byteLength);
    await file.close();
    return [fromArray(record.slice(0, this.width), [this.width]), fromArray(record.slice(this.width), [1])];
  }
}

const file = await open("records.bin", "w");
for (let index = 0; index < 10; index++) await file.write(Float32Array.of(index, 2 * index, 3 * index));
await file.close();

const loader = new DataLoader(new RecordFile("records.bin", 2, 10), { batchSize: 4, concurrency: 8 });
for await (const [x, y] of loader) console.log(String(x), JSON.stringify(await y?.toArray()));
