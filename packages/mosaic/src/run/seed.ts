import { createHash } from "node:crypto";

/** Seed of a repetition: what all its pipelines draw from, so that runs of one repetition pair up. */
export function repetitionSeed(seed: number, repetition: number): number {
  return createHash("sha256").update(`repetition\0${seed}\0${repetition}`).digest().readUIntBE(0, 6);
}
