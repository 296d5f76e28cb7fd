/** Carries out the page about Python classes, in fewer epochs. */
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { describe, expect, test } from "vitest";
import { hasPython, python } from "../packages/mosaic/test/python-for-test.ts";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");

describe.skipIf(!hasPython)("the page about Python classes", () => {
  test("its command compares both models in both languages", async () => {
    const page = await readFile(join(root, "docs/python.md"), "utf8");
    const [, command = ""] = /```sh\n(.*)\n```/.exec(page) ?? [];
    const folder = temporaryFolder();
    await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    for (const name of ["or", "python"])
      await cp(join(root, "examples", name), join(folder, "examples", name), { recursive: true });
    const config = join(folder, "examples/python/config.ini");
    const text = await readFile(config, "utf8");
    await writeFile(
      config,
      text
        .replace(/^epochs = .*$/m, "epochs = 1")
        .replace(/^multiplicity = .*$/m, "multiplicity = 2")
        .replace(/^data_size = .*$/gm, "data_size = 40"),
    );
    // The environment that is active is the one that is taken.
    const bin = join(folder, "environment/bin");
    await mkdir(bin, { recursive: true });
    await symlink(python, join(bin, "python"));
    const trained = await typeAsUser(folder, "bash", "-c", `VIRTUAL_ENV=${dirname(bin)} ${command}`);
    expect(trained.stderr).toContain(
      "8 runs: 4 pipelines x 2 (of 8 pipelines, 4 left out as they mix TypeScript and Python)",
    );
    for (const model of ["mlp_brick", "mlp_funnel", "MlpBrick", "MlpFunnel"])
      expect(trained.stdout).toContain(`${model}(4,4)`);
    const compared = await typeAsUser(folder, "npx", "mosaic", "compare", "or.db");
    expect(compared.stdout).toContain("On data_dataset_OR");
    expect(compared.stdout).toMatch(/^4\. /m);
    // Each language draws bits of its own.
    expect(compared.stdout).toContain("said to be the same (same_data_as)");
    expect(trained.stdout).toContain("All with dataset_OR(");
  });
});
