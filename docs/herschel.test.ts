/** Types the commands of examples/herschel into a shell, with smaller networks. */
import { cp, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const example = "examples/herschel";

test("from a real map to a catalogue", async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const maps = "packages/bigsf/fixtures/crop";
  await cp(join(root, maps), join(folder, maps), { recursive: true });
  for (const name of ["training.yaml", "calibrate.yaml", "catalogue.yaml"])
    await cp(join(root, example, name), join(folder, example, name));
  const training = join(folder, example, "training.yaml");
  const small = (await readFile(training, "utf8"))
    .replace(/epochs: \d+/, "epochs: 1")
    .replace(/stride: \d+/, "stride: 16")
    .replace(/features: \d+, num_blocks: \d+/, "features: 2, num_blocks: 1");
  await writeFile(training, small);
  // After one epoch nothing is sure.
  const catalogue = join(folder, example, "catalogue.yaml");
  await writeFile(catalogue, (await readFile(catalogue, "utf8")).replace(/threshold: 0\.\d+/g, "threshold: 0.2"));

  const page = await readFile(join(root, example, "README.md"), "utf8");
  const commands = (/^```sh\n(.*?)^```/ms.exec(page)?.[1] ?? "").trim().split("\n");
  expect(commands).toHaveLength(3);
  const outputs: string[] = [];
  for (const command of commands) outputs.push((await typeAsUser(folder, "bash", "-c", command)).stdout);
  const [trained = "", calibrated = "", catalogued = ""] = outputs;
  for (const said of [page, trained]) {
    expect(said).toMatch(/^Out of fold, [\d,]+ labelled pixels: Dice 0\.\d+, IoU/m);
    expect(said).toMatch(
      /^Labels cover [\d.]+ % of the pixels; of the rest, of which nobody knows, [\d.]+ % are called filament\.$/m,
    );
  }
  expect(calibrated).toContain("expected calibration error");
  const printed = /^```text\n(examples.*?)^```/ms.exec(page)?.[1] ?? "";
  // How many depends on the networks, and that some are too faint.
  const what = (text: string) => text.split("\n").map((line) => line.replace(/ *\d.*/, ""));
  expect(what(printed)).toContain("  filaments");
  expect(what(catalogued)).toEqual(expect.arrayContaining(what(printed).filter((line) => line !== "  too faint")));
});
