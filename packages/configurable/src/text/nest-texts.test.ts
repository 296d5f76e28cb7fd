import { describe, expect, test } from "vitest";
import { schema } from "../schema.ts";
import { int, string } from "../types/scalar-types.ts";
import { nestTexts } from "./nest-texts.ts";

const known = { size: schema(int), folds: schema(string), "odd.name": schema(string), maps: schema(string) };

describe("options with dots", () => {
  test("are the options of the component that they are of, however deep", () => {
    const options = {
      size: "3",
      "folds.k": "5",
      "folds.area.size": "32",
      "folds.area.unit": "px",
      "maps.image": "a.fits",
    };
    expect(nestTexts(options, known)).toEqual({
      size: "3",
      folds: { k: "5", area: { size: "32", unit: "px" } },
      maps: { image: "a.fits" },
    });
  });

  test("stay as they are where they are options, or begin with none", () => {
    const options = { "odd.name": "1", "unknown.k": "2", other: "3" };
    expect(nestTexts(options, known)).toEqual(options);
  });

  test("have a value of the same name for their type, in any order", () => {
    expect(nestTexts({ folds: "all", "folds.k": "5" }, known)).toEqual({ folds: { type: "all", k: "5" } });
    expect(nestTexts({ "folds.k": "5", folds: "all" }, known)).toEqual({ folds: { type: "all", k: "5" } });
  });

  test("cannot reach into what objects inherit", () => {
    expect(nestTexts({ "folds.constructor.name": "x", "toString.k": "1" }, known)).toEqual({
      folds: { constructor: { name: "x" } },
      "toString.k": "1",
    });
  });
});
