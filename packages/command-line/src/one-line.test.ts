import { expect, test } from "vitest";
import { oneLine, plainLines, printableText } from "./one-line.ts";
import { shellText } from "./shell-text.ts";

test("texts of a database cannot move the cursor", () => {
  expect(oneLine("a\u001b[2J\r\n\u0007b 模型 🧩\u2028c")).toBe("a [2J b 模型 🧩 c");
  expect(plainLines("one\n\ttwo\r\nthree\u001b[0m\n\n")).toEqual(["one", "  two", "three [0m"]);
});

test("texts cannot turn the direction of what stands beside them", () => {
  expect(oneLine("a\u202egpj.exe\u2066b\u061cc\u200fd")).toBe("a gpj.exe b c d");
  expect(oneLine("שלום مرحبا é 👩‍🚀")).toBe("שלום مرحبا é 👩‍🚀");
});

test("the last sieve lets our colours and lines that are written over through, and nothing else", () => {
  const own = "\u001b[1m\u001b[32mDone\u001b[39m\u001b[22m 1\n\tx\r50 %\u001b[K\u001b[1A\u001b[2K";
  expect(printableText(own)).toBe(own);
  expect(printableText("plain\n")).toBe("plain\n");
  expect(printableText("\u001b]0;title\u0007a\u001b[2Jb\u202ec\u009b5md")).toBe(" ]0;title a [2Jb c 5md");
});

test("words for a shell are quoted where needed", () => {
  expect(shellText("a/b-1.db")).toBe("a/b-1.db");
  expect(shellText("it's $HOME")).toBe(String.raw`'it'\''s $HOME'`);
  expect(shellText("")).toBe("''");
});
