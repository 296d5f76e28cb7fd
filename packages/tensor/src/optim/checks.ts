import { TensorError } from "../errors.ts";

/** Refuses an option's value, saying what would do. */
export function checkNumber(owner: string, option: string, value: number, holds: boolean, wanted: string): void {
  if (!holds || Number.isNaN(value))
    throw new TensorError("TENSOR_VALUE", `${owner}: ${option} is ${value}; it must be ${wanted}`);
}

export function checkPositive(owner: string, option: string, value: number): void {
  checkNumber(owner, option, value, value > 0 && Number.isFinite(value), "above 0");
}

/** A learning rate: with 0 nothing moves. */
export function checkRate(owner: string, rate: number): void {
  checkNumber(owner, "lr", rate, rate >= 0 && Number.isFinite(rate), "0 or more");
}
