/** Data in memory and a model, as a user would write them: what the tests of the Trainer train. */
import { boolean, configurable, float, int, register, schema } from "@ml-mosaic/configurable";
import {
  DataLoader,
  type Dataset,
  Generator,
  type InMemoryDataset,
  nn,
  randn,
  type Tensor,
  TensorDataset,
} from "@ml-mosaic/tensor";
import { BaseData, BaseModel, type DataContext, type DataLoaders } from "@ml-mosaic/training";

const dataOptions = {
  size: schema(int, { default: 48 }),
  /** Whether samples are read one by one. */
  read: schema(boolean, { default: false }),
  test: schema(boolean, { default: true }),
};

/** Points [3] and whether their sum is positive [1]. */
export class Points extends configurable(dataOptions, BaseData) {
  static override readonly aliases = ["points"];

  override splitCount(): number {
    return 3;
  }

  override loaders({ split, batchSize }: DataContext): DataLoaders {
    const of = (name: string) => this.#samples(new Generator(7).stream(name, split));
    return {
      train: new DataLoader(of("train"), { batchSize, shuffle: true }),
      valid: new DataLoader(of("valid"), { batchSize: 20 }),
      test: this.test ? new DataLoader(of("test"), { batchSize: 20 }) : undefined,
    };
  }

  #samples(generator: Generator): Dataset | InMemoryDataset {
    const points = randn([this.size, 3], { generator });
    const held = new TensorDataset(points, points.sum(1, true).gt(0).float());
    return this.read ? { length: held.length, get: (index) => held.get(index) } : held;
  }
}

const modelOptions = { width: schema(int, { default: 6 }), dropout: schema(float, { default: 0.2 }) };

/** With batch norm and dropout: buffers and random numbers. */
export class PointNet extends configurable(modelOptions, BaseModel) {
  static override readonly aliases = ["point_net"];
  readonly hidden = new nn.Linear(3, this.width);
  readonly norm = new nn.BatchNorm1d(this.width);
  readonly drop = new nn.Dropout(this.dropout);
  readonly output = new nn.Linear(this.width, 1);

  override forward(x: Tensor): Tensor {
    return this.output.forward(this.drop.forward(this.norm.forward(this.hidden.forward(x)).relu()));
  }
}

register(Points, PointNet);
