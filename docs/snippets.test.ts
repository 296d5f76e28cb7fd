/** Runs the TypeScript on the pages about the engine as a user would, and compares what it prints with what they say. */

import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { functional, metrics, nn, optim, schedulers } from "@ml-mosaic/tensor";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const pages = await Promise.all(
  ["engine.md", "data.md", "training.md", "bigsf-models.md"].map(async (name) => ({
    name,
    text: await readFile(join(root, "docs", name), "utf8"),
  })),
);
const block =
  /<!-- quote: docs\/snippets\/([\w-]+\.ts) -->\n```ts\n.*?```\n(?:\n(?:It prints\n\n)?```text\n(.*?)```)?/gs;
const snippets = pages.flatMap(({ text }) =>
  Array.from(text.matchAll(block), ([, file = "", printed]) => ({ file, printed })),
);

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await cp(join(root, "docs", "snippets"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  await cp(join(root, "packages", "training", "fixtures", "points"), folder, { recursive: true });
  const images = join(root, "packages", "tensor", "fixtures", "images");
  for (const [source, target] of [
    ["rgb.png", "cats/1.png"],
    ["grey.jpg", "dogs/1.jpg"],
    ["rgba.png", "dogs/2.png"],
  ] as const) {
    await mkdir(join(folder, "pets", target, ".."), { recursive: true });
    await cp(join(images, source), join(folder, "pets", target));
  }
});

test("every block of TypeScript is a snippet", () => {
  const blocks = pages.map(({ text }) => [...text.matchAll(/^```ts$/gm)].length);
  expect(snippets).toHaveLength(blocks.reduce((sum, count) => sum + count, 0));
});

test.each(snippets.map(({ file, printed = "" }) => [file, printed] as const))("%s", async (file, printed) => {
  expect((await typeAsUser(folder, process.execPath, file)).stdout).toBe(printed);
});

describe("the names on the pages", () => {
  const text = pages.map((page) => page.text).join("\n");
  // In the first column of the table of names stands PyTorch.
  const ours = text.replaceAll(/^\| [^|]*/gm, "");
  const kinds = { nn, functional, optim, schedulers, metrics };
  const mentioned = (kind: string) =>
    Array.from(ours.matchAll(new RegExp(`\\b${kind}\\.(\\w+)`, "g")), ([, name = ""]) => name);

  test.each(Object.keys(kinds))("of %s exist", (kind) => {
    const known = Object.keys(Object.entries(kinds).find(([name]) => name === kind)?.[1] ?? {});
    const types = ["Module", "Layer", "Scheduler", "Optimizer", "Metric"];
    expect(mentioned(kind).filter((name) => !known.includes(name) && !types.includes(name))).toEqual([]);
  });

  test("leave out no module, loss, optimizer, scheduler or metric", () => {
    const building = ["Module", "averagedState", "MetricTotals", "metricStep"];
    const missing = (["nn", "optim", "schedulers", "metrics"] as const).flatMap((kind) =>
      Object.keys(kinds[kind]).filter((name) => !mentioned(kind).includes(name) && !building.includes(name)),
    );
    expect(missing).toEqual([]);
  });
});
