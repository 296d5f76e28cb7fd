import { TensorError } from "../errors.ts";
import { type Amounts, constantPad, reflectionPad, replicationPad } from "../functional/padding.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Module } from "./module.ts";

/** The same on both sides, or before and after. */
export type Padding1d = number | readonly [left: number, right: number];
/** The same on all sides, or each. */
export type Padding2d = number | readonly [left: number, right: number, top: number, bottom: number];

function amountsOf(name: string, padding: number | Amounts, sides: number): Amounts {
  const amounts = typeof padding === "number" ? new Array<number>(sides).fill(padding) : padding;
  if (amounts.length !== sides || amounts.some((amount) => !Number.isInteger(amount))) {
    throw new TensorError(
      "TENSOR_VALUE",
      `${name}: padding is ${showShape(amounts)}; it must be one whole number or ${sides} of them`,
    );
  }
  return amounts;
}

class Pad1d extends Module {
  readonly padding: Amounts;
  constructor(padding: Padding1d) {
    super();
    this.padding = amountsOf(new.target.name, padding, 2);
  }
}

class Pad2d extends Module {
  readonly padding: Amounts;
  constructor(padding: Padding2d) {
    super();
    this.padding = amountsOf(new.target.name, padding, 4);
  }
}

/** Surrounds the last two axes with one number; negative amounts crop. */
export class ConstantPad2d extends Pad2d {
  readonly value: number;
  constructor(padding: Padding2d, value: number) {
    super(padding);
    this.value = value;
  }
  forward(input: Tensor): Tensor {
    return constantPad(input, this.padding, this.value);
  }
}

/** Surrounds the last axis with one number; negative amounts crop. */
export class ConstantPad1d extends Pad1d {
  readonly value: number;
  constructor(padding: Padding1d, value: number) {
    super(padding);
    this.value = value;
  }
  forward(input: Tensor): Tensor {
    return constantPad(input, this.padding, this.value);
  }
}

/** Surrounds the last two axes with zeros; negative amounts crop. */
export class ZeroPad2d extends ConstantPad2d {
  constructor(padding: Padding2d) {
    super(padding, 0);
  }
}

/** Mirrors height and width at their borders: 2 1 | 0 1 2 | 1 0. */
export class ReflectionPad2d extends Pad2d {
  forward(input: Tensor): Tensor {
    return reflectionPad(input, this.padding);
  }
}

/** Mirrors the length at its ends: 2 1 | 0 1 2 | 1 0. */
export class ReflectionPad1d extends Pad1d {
  forward(input: Tensor): Tensor {
    return reflectionPad(input, this.padding);
  }
}

/** Repeats height and width at their borders: 0 0 | 0 1 2 | 2 2. */
export class ReplicationPad2d extends Pad2d {
  forward(input: Tensor): Tensor {
    return replicationPad(input, this.padding);
  }
}

/** Repeats the length at its ends: 0 0 | 0 1 2 | 2 2. */
export class ReplicationPad1d extends Pad1d {
  forward(input: Tensor): Tensor {
    return replicationPad(input, this.padding);
  }
}
