import type { Pair } from "../functional/convolution.ts";
import {
  type AvgPool1dOptions,
  type AvgPool2dOptions,
  adaptiveAvgPool1d,
  adaptiveAvgPool2d,
  adaptiveMaxPool1d,
  adaptiveMaxPool2d,
  avgPool1d,
  avgPool2d,
  checkOptions,
  type MaxPool1dOptions,
  type MaxPool2dOptions,
  maxPool1d,
  maxPool2d,
  type OutputSize,
} from "../functional/pooling.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

class Pool<Kernel extends Pair, Options extends Parameters<typeof checkOptions>[2]> extends Module {
  readonly kernelSize: Kernel;
  readonly options: Options | undefined;
  constructor(kernelSize: Kernel, options?: Options) {
    super();
    checkOptions(new.target.name, kernelSize, options ?? {});
    this.kernelSize = kernelSize;
    this.options = options;
  }
}

/** Largest element of each window: [batch, channels, height, width]. */
export class MaxPool2d extends Pool<Pair, MaxPool2dOptions> {
  forward(input: Tensor): Tensor {
    return maxPool2d(input, this.kernelSize, this.options);
  }
}

/** Largest element of each window: [batch, channels, length]. */
export class MaxPool1d extends Pool<number, MaxPool1dOptions> {
  forward(input: Tensor): Tensor {
    return maxPool1d(input, this.kernelSize, this.options);
  }
}

/** Mean of each window: [batch, channels, height, width]. */
export class AvgPool2d extends Pool<Pair, AvgPool2dOptions> {
  forward(input: Tensor): Tensor {
    return avgPool2d(input.float(), this.kernelSize, this.options);
  }
}

/** Mean of each window: [batch, channels, length]. */
export class AvgPool1d extends Pool<number, AvgPool1dOptions> {
  forward(input: Tensor): Tensor {
    return avgPool1d(input.float(), this.kernelSize, this.options);
  }
}

class AdaptivePool<Size extends OutputSize> extends Module {
  readonly outputSize: Size;
  constructor(outputSize: Size) {
    super();
    this.outputSize = outputSize;
  }
}

/** Means of as many windows as `outputSize` says: [batch, channels, height, width]; null keeps a size. */
export class AdaptiveAvgPool2d extends AdaptivePool<OutputSize> {
  forward(input: Tensor): Tensor {
    return adaptiveAvgPool2d(input, this.outputSize);
  }
}

/** Means of `outputSize` windows: [batch, channels, length]. */
export class AdaptiveAvgPool1d extends AdaptivePool<number | null> {
  forward(input: Tensor): Tensor {
    return adaptiveAvgPool1d(input, this.outputSize);
  }
}

/** Largest elements of as many windows as `outputSize` says: [batch, channels, height, width]; null keeps a size. */
export class AdaptiveMaxPool2d extends AdaptivePool<OutputSize> {
  forward(input: Tensor): Tensor {
    return adaptiveMaxPool2d(input, this.outputSize);
  }
}

/** Largest elements of `outputSize` windows: [batch, channels, length]. */
export class AdaptiveMaxPool1d extends AdaptivePool<number | null> {
  forward(input: Tensor): Tensor {
    return adaptiveMaxPool1d(input, this.outputSize);
  }
}
