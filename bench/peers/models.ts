/** The models of the benchmarks, layer by layer as peers/torch_peer.py builds them. */
import { cat, nn, type Tensor } from "@ml-mosaic/tensor";
import type { TrainingCase } from "../peers.ts";

function mlp({ sizes, activation }: TrainingCase): nn.Layer {
  const layers = sizes.slice(1).flatMap((size, index): nn.Layer[] => {
    const linear = new nn.Linear(sizes[index] ?? size, size);
    if (activation === "sigmoid") return [linear, new nn.Sigmoid()];
    return index < sizes.length - 2 ? [linear, new nn.ReLU()] : [linear];
  });
  return new nn.Sequential(...layers);
}

function cnn({ sizes }: TrainingCase): nn.Layer {
  const layers = sizes.slice(1).flatMap((size, index): nn.Layer[] => {
    const convolution = new nn.Conv2d(sizes[index] ?? size, size, 3, { padding: 1 });
    return index < sizes.length - 2 ? [convolution, new nn.ReLU()] : [convolution];
  });
  return new nn.Sequential(...layers);
}

function block(inputs: number, outputs: number): nn.Sequential {
  const part = (from: number, to: number) => [
    new nn.Conv2d(from, to, 3, { padding: 1 }),
    new nn.BatchNorm2d(to),
    new nn.ReLU(),
  ];
  return new nn.Sequential(...part(inputs, outputs), ...part(outputs, outputs));
}

class UNet extends nn.Module {
  readonly down: readonly nn.Sequential[];
  readonly pool = new nn.MaxPool2d(2);
  readonly up: readonly nn.ConvTranspose2d[];
  readonly merge: readonly nn.Sequential[];
  readonly head: nn.Conv2d;

  constructor(features: number, levels: number) {
    super();
    const sizes = Array.from({ length: levels }, (_, level) => features * 2 ** level);
    this.down = sizes.map((size, index) => block(index === 0 ? 1 : size / 2, size));
    this.up = sizes.slice(0, -1).map((size) => new nn.ConvTranspose2d(2 * size, size, 2, { stride: 2 }));
    this.merge = sizes.slice(0, -1).map((size) => block(2 * size, size));
    this.head = new nn.Conv2d(features, 1, 1);
  }

  forward(input: Tensor): Tensor {
    const skips: Tensor[] = [];
    let x = input;
    for (const [index, down] of this.down.entries()) {
      x = down.forward(index === 0 ? x : this.pool.forward(x));
      skips.push(x);
    }
    for (const [level, merge] of [...this.merge.entries()].toReversed()) {
      const skip = skips[level] ?? x;
      x = merge.forward(cat([skip, this.up[level]?.forward(x) ?? x], 1));
    }
    return this.head.forward(x);
  }
}

class Recurrent extends nn.Module {
  readonly lstm: nn.LSTM;
  readonly head: nn.Linear;

  constructor(inputs: number, units: number) {
    super();
    this.lstm = new nn.LSTM(inputs, units, { batchFirst: true });
    this.head = new nn.Linear(units, 1);
  }

  forward(input: Tensor): Tensor {
    return this.head.forward(this.lstm.forward(input).output);
  }
}

function transformer([width = 64, heads = 4, dimFeedforward = 128, layers = 2]: readonly number[]): nn.Layer {
  const layer = () => new nn.TransformerEncoderLayer(width, heads, { dimFeedforward, dropout: 0, batchFirst: true });
  return new nn.Sequential(...Array.from({ length: layers }, layer), new nn.Linear(width, 1));
}

export function buildModel(training: TrainingCase): nn.Layer {
  const [first = 1, second = 1] = training.sizes;
  switch (training.model) {
    case "mlp":
      return mlp(training);
    case "cnn":
      return cnn(training);
    case "unet":
      return new UNet(first, second);
    case "lstm":
      return new Recurrent(first, second);
    case "transformer":
      return transformer(training.sizes);
    default:
      return training.model satisfies never;
  }
}
