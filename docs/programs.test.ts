/** Carries out the example of the page about programs, in fewer epochs. */
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { python } from "../packages/mosaic/test/python-for-test.ts";
import { typeAsUser } from "../scripts/user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const hasScikitLearn = process.env.REQUIRE_ALL === "1" || existsSync("/usr/lib/python3/dist-packages/sklearn");
if (!hasScikitLearn)
  process.stderr.write(
    `${python} has no scikit-learn (Debian's python3-sklearn): the example of programs is not tested\n`,
  );

test.skipIf(!hasScikitLearn)(
  "the example ranks forests, which a program trains, with networks, which are classes",
  async () => {
    const page = await readFile(join(root, "docs/programs.md"), "utf8");
    const [, command = ""] = /```sh\n(npx .*)\n```/.exec(page) ?? [];
    const folder = temporaryFolder();
    await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    await cp(join(root, "examples/program"), join(folder, "examples/program"), { recursive: true });
    await mkdir(join(folder, "bin"));
    await symlink(python, join(folder, "bin/python3"));
    const shorter = "PROCESS.epochs=2 MONITOR.multiplicity=2 FOREST.depth=2 NETWORK.width=8";
    const trained = await typeAsUser(folder, "bash", "-c", `PATH="$PWD/bin:$PATH" ${command} ${shorter}`);
    expect(trained.stdout.match(/^(FOREST\(2\)|Network\(8\)) /gm)?.sort()).toEqual(["FOREST(2) ", "Network(8) "]);
    const compared = await typeAsUser(folder, "npx", "mosaic", "compare", "moons.db", "test_acc");
    expect(compared.stdout).toContain("On moons");
    expect(compared.stdout.match(/^ *[12]\. +(FOREST\(2\)|Network\(8\)) /gm)).toHaveLength(2);
    expect(compared.stdout).toContain("of programs, which read their own, none are known");
  },
);
