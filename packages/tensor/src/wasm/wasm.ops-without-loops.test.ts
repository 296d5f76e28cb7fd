import { expect, test } from "vitest";
import { opsWithoutLoops } from "../../test/ops-without-loops.ts";

/** This list may only become shorter. */
const known: readonly string[] = [];

test("new ops have loops", async () => {
  expect(await opsWithoutLoops()).toEqual(known);
});
