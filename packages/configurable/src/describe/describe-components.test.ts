import { expect, test } from "vitest";
import { Trainer, Training } from "../../test/components.ts";
import { schema } from "../schema.ts";
import { list } from "../types/collection-types.ts";
import { refine } from "../types/refine.ts";
import { any, float, int } from "../types/scalar-types.ts";
import type { Type } from "../types/type.ts";
import { union } from "../types/union.ts";
import { componentTables, describeComponents } from "./describe-components.ts";
import { describeOptions, optionTable } from "./describe-options.ts";

test("options as rows and as a table", () => {
  const even: Type<number> = { expected: "an even number", read: int.read };
  const options = {
    width: schema(
      refine(int, "an integer above 0", (value) => value > 0),
      { help: "Neurons" },
    ),
    lr: schema(float, { default: Number.POSITIVE_INFINITY, aliases: ["learning_rate", "rate"], help: "Step size" }),
    sizes: schema(list(union(int, list(float))), { default: [1, [2]] }),
    notes: schema(any, { optional: true }),
    seed: schema(even, { optional: true, default: 2, help: "Of the random numbers" }),
  };
  expect(describeOptions(options)[0]).toEqual({
    name: "width",
    aliases: [],
    type: "int",
    expected: "an integer above 0",
    required: true,
    optional: false,
    default: undefined,
    help: "Neurons",
  });
  expect(describeOptions(options).map(({ required, optional }) => [required, optional])).toEqual([
    [true, false],
    [false, false],
    [false, false],
    [false, true],
    [false, true],
  ]);
  expect(optionTable(options)).toBe(
    `
option                    type                           default   meaning
width                     int                            required  Neurons
lr (learning_rate, rate)  float                          Infinity  Step size
sizes                     list of (int | list of float)  [1,[2]]
notes                     any                            none
seed                      an even number                 2         Of the random numbers`.slice(1),
  );
});

test("a component with all that may be inside it, each once", () => {
  expect(describeComponents(Training).map(({ name, base, types }) => [name, base, types])).toEqual([
    ["Training", undefined, []],
    ["Trainer", undefined, []],
    ["CnnModel", "BaseModel", ["cnn", "convolutional", "CnnModel"]],
    ["DeepCnn", "BaseModel", ["deep", "DeepCnn"]],
    ["Ensemble", "BaseModel", ["Ensemble"]],
    ["Adam", "BaseOptimizer", ["Adam"]],
    ["Sgd", "BaseOptimizer", ["Sgd"]],
    ["EarlyStopping", undefined, []],
  ]);
});

test("as tables", () => {
  expect(componentTables(Trainer)).toMatchInlineSnapshot(`
    "Trainer
      option          type                          default   meaning
      output_dir      path                          required  Folder of the results
      run_name        string                        required
      model           BaseModel                     required
      optimizer       BaseOptimizer                 {}
      loss            "bce" | "dice" | "bce_dice"   "bce"
      early_stopping  EarlyStopping                 none
      epochs          int > 0                       10
      batch_size      int > 0 | "auto"              "auto"
      shuffle         boolean                       true
      weights         map of float                  {}
      metrics         list of BaseMetric            []
      callbacks       map of list of EarlyStopping  {}
      notes           any                           none

    BaseModel, type: cnn (or convolutional, CnnModel)
      option                type     default  meaning
      in_channels           int > 0  1        Channels of the input
      filters               int      32       Filters of the first layer
      kernel_size (kernel)  int      3

    BaseModel, type: deep (or DeepCnn)
      option                type     default   meaning
      in_channels           int > 0  1         Channels of the input
      filters               int      32        Filters of the first layer
      kernel_size (kernel)  int      3
      depth                 int      required

    BaseModel, type: Ensemble
      option       type               default   meaning
      in_channels  int > 0            1         Channels of the input
      members      list of BaseModel  required

    BaseOptimizer, type: Adam, the default
      option              type           default      meaning
      lr (learning_rate)  float          0.001        Step size
      betas               list of float  [0.9,0.999]

    BaseOptimizer, type: Sgd
      option              type   default  meaning
      lr (learning_rate)  float  0.001    Step size
      momentum            float  none

    EarlyStopping
      option     type     default
      patience   int > 0  5
      min_delta  float    0"
  `);
});
