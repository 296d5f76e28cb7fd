import { expect, test } from "vitest";
import { forbidExit } from "./forbid-exit.ts";

test("makes process.exit an error until it is allowed again", () => {
  const { exit } = process;
  const allow = forbidExit();
  try {
    expect(() => process.exit(3)).toThrow("a module called process.exit(3)");
  } finally {
    allow();
  }
  expect(process.exit).toBe(exit);
});
