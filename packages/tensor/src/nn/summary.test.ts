import { expect, test } from "vitest";
import { TensorError } from "../errors.ts";
import { input, type Tensor } from "../tensor.ts";
import { ReLU } from "./activations.ts";
import { Conv2d } from "./conv.ts";
import { Flatten } from "./flatten.ts";
import { Linear } from "./linear.ts";
import { Module } from "./module.ts";
import { Sequential } from "./sequential.ts";
import { summarize } from "./summary.ts";

class Block extends Module {
  readonly conv1 = new Conv2d(3, 4, 3, { padding: 1 });
  readonly relu = new ReLU();
  forward(x: Tensor): Tensor {
    return this.relu.forward(this.conv1.forward(x));
  }
}

class Net extends Module {
  readonly blocks = [new Block()];
  readonly head = new Sequential(new Flatten(), new Linear(4 * 5 * 6, 2));
  forward(x: Tensor): Tensor {
    let value = x;
    for (const block of this.blocks) value = block.forward(value);
    return this.head.forward(value);
  }
}

test("a summary reports shapes, parameters and multiply-adds of every layer", () => {
  const layers = summarize(new Net(), [7, 3, 5, 6], "float32");
  const conv = layers.find(({ path }) => path === "blocks.0.conv1");
  expect(conv).toMatchObject({
    className: "Conv2d",
    outputShape: [7, 4, 5, 6],
    ownParameters: 4 * 3 * 9 + 4,
    multiplyAdds: 7 * 4 * 5 * 6 * 27,
  });
  expect(layers.find(({ path }) => path === "head.1")).toMatchObject({
    outputShape: [7, 2],
    multiplyAdds: 7 * 2 * 120,
  });
  expect(layers[0]).toMatchObject({
    path: "",
    parameters: 112 + 242,
    ownParameters: 0,
    multiplyAdds: 7 * 4 * 30 * 27 + 7 * 2 * 120,
  });
});

test("the table reads like the model", () => {
  const net = new Net();
  for (const parameter of net.head.parameters()) parameter.requiresGrad = false;
  expect(net.summary([1, 3, 5, 6])).toMatchInlineSnapshot(`
    "layer                output        parameters  multiply-adds
    -------------------  ------------  ----------  -------------
    Net                  [1, 2]                            3,480
      blocks.0 (Block)   [1, 4, 5, 6]                      3,240
        conv1 (Conv2d)   [1, 4, 5, 6]         112          3,240
        relu (ReLU)      [1, 4, 5, 6]
      head (Sequential)  [1, 2]                              240
        0 (Flatten)      [1, 120]
        1 (Linear)       [1, 2]             (242)            240
    112 trainable parameters, 242 frozen, 3,480 multiply-adds"
  `);
  expect(net.summary([1, 3, 5, 6])).toContain("112 trainable parameters, 242 frozen, 3,480 multiply-adds");
});

test("an error in a shape names the layer's path, both shapes and the rule", () => {
  const net = new Net();
  const wrongChannels = () => net.forward(input("x", [1, 2, 5, 6], "float32"));
  expect(wrongChannels).toThrow(TensorError);
  expect(wrongChannels).toThrow(/^blocks\.0\.conv1 \(Conv2d\): .*\[1, 2, 5, 6\].*\[4, 3, 3, 3\].*needs 3 channels/);
  expect(() => net.forward(input("x", [1, 3, 4, 6], "float32"))).toThrow(/^head\.1 \(Linear\): .*\[1, 96\].*120/);
  expect(() => new Linear(3, 2).forward(input("x", [4], "float32"))).toThrow(/^Linear: /);
});
