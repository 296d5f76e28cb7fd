import { fromArray, type Generator, TensorDataset } from "@ml-mosaic/tensor";

/** Points [2] on two half circles that reach into each other, and which of them each is on. */
export function moons(samples: number, generator: Generator): TensorDataset {
  const points: number[] = [];
  const sides: bigint[] = [];
  for (let index = 0; index < samples; index++) {
    const side = generator.integer(0, 2);
    const angle = generator.uniform(0, Math.PI);
    const [x, y] = side === 0 ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)];
    points.push(x + generator.normal(0, 0.1), y + generator.normal(0, 0.1));
    sides.push(BigInt(side));
  }
  return new TensorDataset(
    fromArray(Float32Array.from(points), [samples, 2]),
    fromArray(BigInt64Array.from(sides), [samples]),
  );
}
