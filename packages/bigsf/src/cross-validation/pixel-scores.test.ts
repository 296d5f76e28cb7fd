/** Against numpy (fixtures/cross_validation.py), which counts pairs of pixels and goes through all thresholds. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PixelTally } from "./pixel-scores.ts";

interface Case {
  readonly name: string;
  /** null for NaN. */
  readonly probability: readonly (number | null)[];
  readonly truth: readonly number[];
  readonly labelled: readonly number[];
  readonly scores: Readonly<Record<string, number | null>>;
}

const fixture = new URL("../../fixtures/cross-validation.json", import.meta.url);
const { pixels: cases }: { pixels: readonly Case[] } = JSON.parse(readFileSync(fixture, "utf8"));

function tallyOf({ probability, truth, labelled }: Pick<Case, "probability" | "truth" | "labelled">, step: number) {
  const tally = new PixelTally();
  for (let from = 0; from < probability.length; from += step) {
    tally.add(
      Float32Array.from(probability.slice(from, from + step), (value) => value ?? Number.NaN),
      Uint8Array.from(truth.slice(from, from + step)),
      Uint8Array.from(labelled.slice(from, from + step)),
    );
  }
  return tally.scores();
}

describe.each([1000, 7])("in pieces of %i", (step) => {
  test.each(cases)("$name", (each) => {
    const scores: Readonly<Record<string, number>> = { ...tallyOf(each, step) };
    const known = each.probability.flatMap((value, at) =>
      value === null ? [] : [{ value, labelled: each.labelled[at] }],
    );
    const others = known.filter(({ labelled }) => labelled !== 1);
    const wanted: Case["scores"] = {
      ...each.scores,
      labelled: (known.length - others.length) / known.length,
      unlabelled_found: others.length === 0 ? null : others.filter(({ value }) => value > 0.5).length / others.length,
    };
    expect(Object.keys(scores).toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const [name, expected] of Object.entries(wanted)) {
      if (expected === null) expect([name, scores[name]]).toEqual([name, Number.NaN]);
      else expect([name, scores[name]]).toEqual([name, expect.closeTo(expected, 12)]);
    }
  });
});
