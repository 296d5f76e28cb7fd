import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { pathText } from "./path-text.ts";

test("a path is relative inside the working folder, absolute outside", () => {
  const here = process.cwd();
  expect(pathText(join(here, "a", "b.db"))).toBe(join("a", "b.db"));
  expect(pathText("..a.db")).toBe("..a.db");
  expect(pathText(join(dirname(here), "b.db"))).toBe(join(dirname(here), "b.db"));
  expect(pathText(here)).toBe(here);
});
