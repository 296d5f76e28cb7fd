import { expect, it } from "vitest";
import { oneLine, plainLines } from "./one-line.ts";
import { shellText } from "./shell-text.ts";

it("texts of a database cannot move the cursor", () => {
  expect(oneLine("a\u001b[2J\r\n\u0007b 模型 🧩\u2028c")).toBe("a [2J b 模型 🧩 c");
  expect(plainLines("one\n\ttwo\r\nthree\u001b[0m\n\n")).toEqual(["one", "  two", "three [0m"]);
});

it("words for a shell are quoted where needed", () => {
  expect(shellText("a/b-1.db")).toBe("a/b-1.db");
  expect(shellText("it's $HOME")).toBe(String.raw`'it'\''s $HOME'`);
  expect(shellText("")).toBe("''");
});
