import { expect, test } from "vitest";
import { exampleResult } from "../../test/store-conformance-examples.ts";
import { returnStatusOf } from "./return-status.ts";

test("three figures in exponent form, as Python writes them", () => {
  const result = { ...exampleResult, train_loss: 0.000123456, test_loss: 1.5e-120, "duration(s)": 12346 };
  expect(returnStatusOf(result)).toBe("train_loss=1.235e-04\ttest_loss=1.500e-120\texecution_time=1.235e+04");
});

test("figures that are no numbers", () => {
  const result = { ...exampleResult, train_loss: NaN, test_loss: -Infinity, "duration(s)": 0 };
  expect(returnStatusOf(result)).toBe("train_loss=nan\ttest_loss=-inf\texecution_time=0.000e+00");
});
