import { Generator, randn } from "@ml-mosaic/tensor";
import type { Info, RunInfo } from "ml-mosaic";

/** Points near a plane, in two parts; `Standardize` makes loaders of them. */
export class Line {
  async prepare(_data: unknown, runInfo: RunInfo) {
    const generator = new Generator(runInfo.seed).stream("line");
    const part = (size: number) => {
      const features = randn([size, 3], { generator }).mul(5).add(2);
      return [features, features.sum(1, true)] as const;
    };
    return { train: part(100), test: part(30) };
  }

  info(): Info {
    return { input_size: 3, output_size: 1 };
  }
}
