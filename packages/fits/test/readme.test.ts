import { readFile } from "node:fs/promises";
import { format } from "node:util";
import { expect, test, vi } from "vitest";

const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
const block = (language: string) => new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, "s").exec(readme)?.[1];

// The example is a file of its own so that it is also type-checked and formatted.
test("the README shows the example and what it prints", async () => {
  expect(block("ts")).toBe(await readFile(new URL("./readme-example.ts", import.meta.url), "utf8"));
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  await import("./readme-example.ts");
  const printed = log.mock.calls.map((values) => `${format(...values)}\n`).join("");
  log.mockRestore();
  expect(block("text")).toBe(printed);
});
