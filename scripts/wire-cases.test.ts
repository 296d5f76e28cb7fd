import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { wireCasesText } from "./wire-cases.ts";

test("packages/python/wire-cases.json is as scripts/wire-cases.ts writes it", () => {
  expect(readFileSync(join(import.meta.dirname, "../packages/python/wire-cases.json"), "utf8")).toBe(wireCasesText);
});
