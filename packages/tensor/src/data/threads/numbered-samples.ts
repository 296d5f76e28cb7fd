/** Data sets of the tests, which threads can make. */
import { readFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { fromArray } from "../../creation.ts";
import type { Generator } from "../../random/generator.ts";
import type { Dataset, GeneratorAt, Sample } from "../dataset.ts";

export interface NumberedSamples {
  readonly length: number;
  /** Read by getMany. */
  readonly many?: boolean;
  /** A sample that something happens at. */
  readonly at?: number;
  readonly happens?: "error" | "no file" | "exit" | "uncaught" | "odd shape";
  /** Milliseconds. */
  readonly slow?: number;
}

/** Its index, and two numbers drawn for it. */
const values = (index: number, generator: Generator) => Float32Array.of(index, generator.uniform(), generator.normal());

export function numberedSamples(options: NumberedSamples): Dataset {
  const { length, many = false, slow = 0 } = options;
  return {
    length,
    origin: { module: import.meta.url, name: numberedSamples.name, options },
    async get(index, generator): Promise<Sample> {
      await setTimeout(slow + ((index * 7) % 3));
      await happen(options, index);
      const data = values(index, generator);
      const length = options.happens === "odd shape" && index === options.at ? 2 : 3;
      return [fromArray(data.slice(0, length), [length])];
    },
    getMany: many ? getMany : undefined,
  };

  async function getMany(indices: Int32Array, generatorAt: GeneratorAt) {
    const data = new Float32Array(3 * indices.length);
    for (const [position, index] of indices.entries()) {
      await happen(options, index);
      data.set(values(index, generatorAt(position)), 3 * position);
    }
    return [{ data, shape: [indices.length, 3], dtype: "float32" as const }];
  }
}

async function happen({ at, happens }: NumberedSamples, index: number): Promise<void> {
  if (index !== at) return;
  switch (happens) {
    case "error":
      throw new Error("no such star");
    case "no file":
      await readFile("/no/such/file");
      break;
    case "exit":
      process.exit(3);
      break;
    case "uncaught":
      setImmediate(() => {
        throw new RangeError("in nobody's hands");
      });
      await setTimeout(10_000);
      break;
    case "odd shape":
    case undefined:
      break;
    default:
      happens satisfies never;
  }
}
