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
  const unified = unifyData([[small], [large]]);
  expect(unified([data("B", "8.0", "A")])).toEqual([large]);
  expect(unified([data("B", "4", "A")])).toEqual([small]);
  // What is not there, or names no other, is what it is.
  for (const alone of [data("B", "16", "A"), data("B", "4", "C"), data("B", "4")])
    expect(unified([alone])).toEqual([alone]);
});
