import { float, type Infer, int, schema } from "@ml-mosaic/configurable";
import { nn, Parameter, type Tensor } from "@ml-mosaic/tensor";
import type { Info, PipelineModule } from "ml-mosaic";

const fromDataset = { side: schema(int), classes: schema(int) };

const mlpOptions = { ...fromDataset, width: schema(int, { default: 128 }) };

/** Two hidden layers. */
export class Mlp extends nn.Module implements PipelineModule {
  static readonly configSchema = mlpOptions;
  readonly layers: nn.Sequential;

  constructor({ side, classes, width }: Infer<typeof mlpOptions>) {
    super();
    this.layers = new nn.Sequential(
      new nn.Flatten(),
      new nn.Linear(side * side, width),
      new nn.ReLU(),
      new nn.Linear(width, width),
      new nn.ReLU(),
      new nn.Linear(width, classes),
    );
  }

  forward(images: Tensor): Tensor {
    return this.layers.forward(images);
  }

  info(): Info {
    return {};
  }
}

const cnnOptions = { ...fromDataset, channels: schema(int, { default: 16 }), dropout: schema(float, { default: 0.2 }) };

/** Two convolutions with batch normalisation and pooling, then one linear layer. */
export class Cnn extends nn.Module implements PipelineModule {
  static readonly configSchema = cnnOptions;
  readonly layers: nn.Sequential;

  constructor({ side, classes, channels, dropout }: Infer<typeof cnnOptions>) {
    super();
    const block = (from: number, to: number): nn.Layer[] => [
      new nn.Conv2d(from, to, 3, { padding: 1 }),
      new nn.BatchNorm2d(to),
      new nn.ReLU(),
      new nn.MaxPool2d(2),
    ];
    this.layers = new nn.Sequential(
      ...block(1, channels),
      ...block(channels, 2 * channels),
      new nn.Flatten(),
      new nn.Dropout(dropout),
      new nn.Linear(2 * channels * (side / 4) ** 2, classes),
    );
  }

  forward(images: Tensor): Tensor {
    return this.layers.forward(images);
  }

  info(): Info {
    return {};
  }
}

const transformerOptions = { ...fromDataset, width: schema(int, { default: 32 }), layers: schema(int, { default: 2 }) };

/** The rows of the image as a sequence of eight words, with learnt positions. */
export class Transformer extends nn.Module implements PipelineModule {
  static readonly configSchema = transformerOptions;
  readonly embedding: nn.Linear;
  readonly position: Parameter;
  readonly layers: nn.Sequential;
  readonly head: nn.Linear;

  constructor({ side, classes, width, layers }: Infer<typeof transformerOptions>) {
    super();
    this.embedding = new nn.Linear(side, width);
    this.position = new Parameter([side, width], (shape, generator) =>
      Float32Array.from({ length: shape.reduce((size, length) => size * length, 1) }, () => generator.normal(0, 0.1)),
    );
    this.layers = new nn.Sequential(
      ...Array.from(
        { length: layers },
        () => new nn.TransformerEncoderLayer(width, 4, { dimFeedforward: 2 * width, dropout: 0.1, batchFirst: true }),
      ),
    );
    this.head = new nn.Linear(width, classes);
  }

  forward(images: Tensor): Tensor {
    const rows = this.embedding.forward(images.squeeze(1)).add(this.position);
    return this.head.forward(this.layers.forward(rows).mean(1));
  }

  info(): Info {
    return {};
  }
}
