import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, expect, test } from "vitest";
import { loadClass } from "./load-class.ts";

let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(
    join(folder, "models.ts"),
    `export class UNet { static readonly aliases = ["unet", "U-Net"]; }
export class Wider extends UNet {}
export default class Plain {}
`,
  );
});

const load = (name: string) => loadClass({ kind: "file", path: join(folder, "models.ts") }, name, folder);

test.each([
  ["UNet", "UNet"],
  ["unet", "UNet"],
  ["UNET", "UNet"],
  ["u-net", "UNet"],
  ["Wider", "Wider"],
  ["Plain", "Plain"],
])("%s is %s", async (name, expected) => {
  expect(await load(name)).toHaveProperty("name", expected);
});

test("what is there is named, aliases too", async () => {
  await expect(load("unett")).rejects.toThrow(/exports no class unett; did you mean UNet\?/);
  await expect(load("Other")).rejects.toThrow(/it exports UNet, unet, u-net, Wider, default/);
});
