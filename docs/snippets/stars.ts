import { type Dataset, fromArray, type Generator } from "@ml-mosaic/tensor";

/** Pictures of stars at random places. */
export function stars(options: { readonly length: number }): Dataset {
  return {
    length: options.length,
    origin: { module: import.meta.url, name: "stars", options },
    get(_index: number, generator: Generator) {
      const [y, x] = [generator.uniform(0, 16), generator.uniform(0, 16)];
      const distance = (pixel: number) => Math.hypot(Math.floor(pixel / 16) - y, (pixel % 16) - x);
      const picture = Float32Array.from({ length: 256 }, (_, pixel) => Math.exp(-distance(pixel)));
      return [fromArray(picture, [1, 16, 16]), fromArray(Float32Array.of(y, x), [2])];
    },
  };
}
