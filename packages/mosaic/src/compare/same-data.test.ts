import { expect, test } from "vitest";
import type { ModuleSpec } from "../pipelines/pipeline.ts";
import { unifyData } from "./same-data.ts";

function data(className: string, batchSize: string, sameDataAs?: string): ModuleSpec {
  return {
    type: "data",
    className,
    path: `./${className}`,
    key: className,
    options: { batch_size: batchSize },
    ...(sameDataAs === undefined ? {} : { sameDataAs }),
  };
}

test("data in another language counts as those whose key it names, the variant with the same values", () => {
  const [small, large] = [data("A", "4"), data("A", "8")];
  const unify = unifyData([[small], [large]]);
  const unified = (modules: readonly ModuleSpec[]) => unify({ data: modules, model: [] }).data;
  expect(unified([data("B", "8.0", "A")])).toEqual([large]);
  expect(unified([data("B", "4", "A")])).toEqual([small]);
  // What is not there, or names no other, is what it is.
  for (const alone of [data("B", "16", "A"), data("B", "4", "C"), data("B", "4")])
    expect(unified([alone])).toEqual([alone]);
});

test("a program that is said to read the same data has them, and its models differ in nothing that the data say", () => {
  const [small, large] = [data("A", "4"), data("A", "8")];
  const program = (batchSize: string, sameDataAs?: string): ModuleSpec => {
    const { options, ...other } = data("Program", batchSize, sameDataAs);
    return { ...other, type: "model", path: "ml-mosaic", options: { depth: "2", ...options } };
  };
  const unify = unifyData([[small], [large]]);
  const { data: read, model } = unify({ data: [], model: [program("8.0", "A")] });
  expect(read).toEqual([large]);
  expect(model[0]?.options).toEqual({ depth: "2" });
  for (const alone of [program("16", "A"), program("8", "B"), program("8")])
    expect(unify({ data: [], model: [alone] })).toEqual({ data: [], model: [alone] });
});
