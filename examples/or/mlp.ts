import { type Infer, int, schema } from "@ml-mosaic/configurable";
import { nn, type Tensor } from "@ml-mosaic/tensor";
import type { Info, PipelineModule } from "ml-mosaic";

// length and width come from the configuration file, input_size and output_size from info() of the data set.
const options = { length: schema(int), width: schema(int), input_size: schema(int), output_size: schema(int) };

/** Fully connected layers of the given sizes, each followed by a sigmoid. */
class Mlp extends nn.Module implements PipelineModule {
  readonly layers: nn.Sequential;

  constructor(sizes: readonly number[]) {
    super();
    const pairs = sizes.slice(1).map((size, index) => [sizes[index] ?? size, size] as const);
    this.layers = new nn.Sequential(...pairs.flatMap(([from, to]) => [new nn.Linear(from, to), new nn.Sigmoid()]));
  }

  forward(data: Tensor): Tensor {
    return this.layers.forward(data);
  }

  info(): Info {
    return {};
  }
}

/** Every hidden layer has the same width. */
export class MlpBrick extends Mlp {
  static readonly configSchema = options;

  constructor({ length, width, input_size, output_size }: Infer<typeof options>) {
    super([input_size, ...new Array<number>(length).fill(width), output_size]);
  }
}

/** As many neurons as the brick, but each layer is narrower than the one before. */
export class MlpFunnel extends Mlp {
  static readonly configSchema = options;

  constructor({ length, width, input_size, output_size }: Infer<typeof options>) {
    super([input_size, ...funnelSizes(length, width), output_size]);
  }
}

/** Starts with equal layers, moves the larger half of each to the next, and turns the result round: 4-2-1-1. */
function funnelSizes(length: number, width: number): number[] {
  const sizes = new Array<number>(length).fill(width);
  for (let index = 0; index + 1 < length; index++) {
    const moved = Math.ceil((sizes[index] ?? 0) / 2);
    sizes[index] = (sizes[index] ?? 0) - moved;
    sizes[index + 1] = (sizes[index + 1] ?? 0) + moved;
  }
  return sizes.reverse();
}
