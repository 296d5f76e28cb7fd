// Components as a training has them, for the tests here.
import {
  any,
  boolean,
  component,
  configurable,
  float,
  importable,
  int,
  list,
  literal,
  map,
  path,
  register,
  schema,
  string,
  typedConfigurable,
  union,
  within,
} from "@ml-mosaic/configurable";

const positive = within(int, { exclusiveMinimum: 0 });

/** As in `packages/tensor`: a class of another library, without arguments. */
export abstract class Module {
  training = true;
  abstract forward(input: number): number;
}

export abstract class BaseModel extends typedConfigurable(
  { in_channels: schema(positive, { default: 1, help: "Channels of the input" }) },
  Module,
) {}

export class CnnModel extends configurable(
  {
    filters: schema(int, { default: 32, help: "Filters of the first layer" }),
    kernel_size: schema(int, { default: 3, aliases: ["kernel"] }),
  },
  BaseModel,
) {
  static override readonly aliases = ["cnn", "convolutional"];

  forward(input: number): number {
    return input * this.filters;
  }
}

export class DeepCnn extends configurable({ depth: schema(int) }, CnnModel) {
  static override readonly aliases = ["deep"];

  override *preconditions() {
    if (this.depth > this.filters) yield { option: "depth", message: `must be at most filters (${this.filters})` };
    if (this.depth > 1000) yield "no machine holds this";
  }
}

export class Ensemble extends configurable({ members: schema(list(component(BaseModel))) }, BaseModel) {
  forward(input: number): number {
    return this.members.reduce((sum, member) => sum + member.forward(input), 0);
  }
}

export abstract class BaseOptimizer extends typedConfigurable({
  lr: schema(float, { default: 0.001, aliases: ["learning_rate"], help: "Step size" }),
}) {
  static override readonly defaultType = "adam";
}

export class Adam extends configurable({ betas: schema(list(float), { default: [0.9, 0.999] }) }, BaseOptimizer) {
  override preconditions() {
    if (this.betas.length !== 2) throw new Error(`betas are two numbers, got ${this.betas.length}`);
  }
}

export class Sgd extends configurable({ momentum: schema(float, { optional: true }) }, BaseOptimizer) {}

register(CnnModel, DeepCnn, Ensemble, Adam, Sgd);

/** A base that nobody has registered anything under. */
export abstract class BaseMetric extends typedConfigurable({}) {}

export class EarlyStopping extends configurable({
  patience: schema(positive, { default: 5 }),
  min_delta: schema(float, { default: 0 }),
}) {}

export class Trainer extends configurable({
  output_dir: schema(path, { help: "Folder of the results" }),
  run_name: schema(string),
  model: schema(component.later(BaseModel)),
  optimizer: schema(component(BaseOptimizer), { default: {} }),
  loss: schema(literal("bce", "dice", "bce_dice"), { default: "bce" }),
  early_stopping: schema(component(EarlyStopping), { optional: true }),
  epochs: schema(positive, { default: 10 }),
  batch_size: schema(union(positive, literal("auto")), { default: "auto" }),
  shuffle: schema(boolean, { default: true }),
  weights: schema(map(float), { default: {} }),
  metrics: schema(list(component(BaseMetric)), { default: [] }),
  callbacks: schema(map(list(component(EarlyStopping))), { default: {} }),
  notes: schema(any, { optional: true }),
}) {
  override preconditions() {
    return this.batch_size === "auto" || this.epochs < 1000 ? [] : ["a thousand epochs need batch_size: auto"];
  }
}

/** What a training file holds. */
export class Training extends configurable({
  imports: schema(list(importable), { default: [] }),
  trainer: schema(component(Trainer)),
}) {}
