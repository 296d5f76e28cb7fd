/** The models of the benchmarks, layer by layer as peers/torch_peer.py builds them. */
import { cat, full, nn, type Parameter, parameter, type Tensor } from "@ml-mosaic/tensor";
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

function norms(channels: number, relu = true): readonly nn.Layer[] {
  return [new nn.BatchNorm2d(channels), ...(relu ? [new nn.ReLU()] : [])];
}

/** What a network of images makes of them, averaged over their positions, and ten scores. */
class Averaged extends nn.Module {
  readonly layers: nn.Sequential;
  readonly head: nn.Linear;

  constructor(channels: number, ...layers: readonly nn.Layer[]) {
    super();
    this.layers = new nn.Sequential(...layers);
    this.head = new nn.Linear(channels, 10);
  }

  forward(input: Tensor): Tensor {
    return this.head.forward(this.layers.forward(input).mean([2, 3]));
  }
}

const plain = { padding: 1, bias: false } as const;

function depthwise([first = 1, ...others]: readonly number[]): nn.Layer {
  let inputs = first;
  const layers = others.flatMap((outputs): readonly nn.Layer[] => {
    const apart = new nn.Conv2d(inputs, inputs, 3, { ...plain, groups: inputs });
    const together = [new nn.Conv2d(inputs, outputs, 1, { bias: false }), ...norms(outputs)];
    const block = [apart, ...norms(inputs), ...together];
    inputs = outputs;
    return block;
  });
  return new Averaged(inputs, new nn.Conv2d(3, first, 3, plain), ...norms(first), ...layers);
}

class Residual extends nn.Module {
  readonly inner: nn.Sequential;
  readonly shortcut: nn.Layer;

  constructor(inputs: number, outputs: number, stride: number) {
    super();
    this.inner = new nn.Sequential(
      new nn.Conv2d(inputs, outputs, 3, { ...plain, stride }),
      ...norms(outputs),
      new nn.Conv2d(outputs, outputs, 3, plain),
      ...norms(outputs, false),
    );
    this.shortcut =
      stride === 1 && inputs === outputs
        ? new nn.Identity()
        : new nn.Sequential(new nn.Conv2d(inputs, outputs, 1, { stride, bias: false }), ...norms(outputs, false));
  }

  forward(input: Tensor): Tensor {
    return this.inner.forward(input).add(this.shortcut.forward(input)).relu();
  }
}

function resnet(width: number): nn.Layer {
  const stages = [0, 1, 2, 3].flatMap((stage) => {
    const outputs = width * 2 ** stage;
    const first = new Residual(width * 2 ** Math.max(0, stage - 1), outputs, stage === 0 ? 1 : 2);
    return [first, new Residual(outputs, outputs, 1)];
  });
  return new Averaged(8 * width, new nn.Conv2d(3, width, 3, plain), ...norms(width), ...stages);
}

function mnist(): nn.Layer {
  const convolutions = [new nn.Conv2d(1, 32, 3), new nn.ReLU(), new nn.Conv2d(32, 64, 3), new nn.ReLU()];
  const head = [new nn.Flatten(), new nn.Linear(9216, 128), new nn.ReLU(), new nn.Linear(128, 10)];
  return new nn.Sequential(...convolutions, new nn.MaxPool2d(2), ...head);
}

class Gpt extends nn.Module {
  readonly tokens: nn.Embedding;
  readonly places: Parameter;
  readonly layers: readonly nn.TransformerEncoderLayer[];
  readonly norm: nn.LayerNorm;
  readonly head: nn.Linear;

  constructor(words: number, [width = 1, heads = 1, layers = 1, length = 1]: readonly number[]) {
    super();
    const options = {
      dimFeedforward: 4 * width,
      dropout: 0,
      activation: "gelu",
      batchFirst: true,
      normFirst: true,
    } as const;
    this.tokens = new nn.Embedding(words, width);
    this.places = parameter(new Float32Array(length * width), [length, width]);
    this.layers = Array.from({ length: layers }, () => new nn.TransformerEncoderLayer(width, heads, options));
    this.norm = new nn.LayerNorm(width);
    this.head = new nn.Linear(width, words);
  }

  forward(input: Tensor): Tensor {
    const attnMask = full([input.size(1), input.size(1)], Number.NEGATIVE_INFINITY).triu(1);
    let hidden = this.tokens.forward(input).add(this.places);
    for (const layer of this.layers) hidden = layer.forward(hidden, { attnMask });
    return this.head.forward(this.norm.forward(hidden));
  }
}

class Words extends nn.Module {
  readonly table: nn.Embedding;
  readonly head: nn.Linear;

  constructor(words: number, width: number) {
    super();
    this.table = new nn.Embedding(words, width);
    this.head = new nn.Linear(width, 10);
  }

  forward(input: Tensor): Tensor {
    return this.head.forward(this.table.forward(input).mean(1));
  }
}

function norm(kind: TrainingCase["kind"], channels: number): nn.Layer {
  if (kind === "layer") return new nn.LayerNorm(channels);
  return kind === "batch" ? new nn.BatchNorm1d(channels) : new nn.GroupNorm(8, channels);
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
    case "depthwise":
      return depthwise(training.sizes);
    case "resnet":
      return resnet(first);
    case "mnist":
      return mnist();
    case "gpt":
      return new Gpt(training.words ?? 1, training.sizes);
    case "words":
      return new Words(training.words ?? 1, first);
    case "norm":
      return norm(training.kind, first);
    default:
      return training.model satisfies never;
  }
}
