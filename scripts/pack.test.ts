import { existsSync } from "node:fs";
import { cp, readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { browserPath, temporaryFolder, visit } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { type PackedPackage, packAll } from "./pack.ts";
import { runAsUser } from "./user-shell.ts";

const root = resolve(import.meta.dirname, "..");
const minutes = 60_000;

let workshop: string;
let project: string;
let packages: readonly PackedPackage[];

const run = (command: string, ...args: readonly string[]) => runAsUser(project, command, ...args);

beforeAll(async () => {
  workshop = temporaryFolder();
  project = temporaryFolder();
  packages = await packAll(join(workshop, "build"));
  const { devDependencies }: { devDependencies: Readonly<Record<string, string>> } = JSON.parse(
    await readFile(join(root, "package.json"), "utf8"),
  );
  // What docs/modules.md tells users to write.
  const manifest = { private: true, type: "module", allowScripts: { "onnxruntime-node": false, node: true } };
  await writeFile(join(project, "package.json"), JSON.stringify(manifest));
  const others = ["node", "typescript", "@types/node"].map((name) => `${name}@${devDependencies[name]}`);
  await run("npm", "install", "--no-audit", "--no-fund", ...packages.map(({ tarball }) => tarball), ...others);
  for (const name of ["config.ini", "dataset.ts", "mlp.ts"])
    await cp(join(root, "examples", "or", name), join(project, name));
  const config = await readFile(join(project, "config.ini"), "utf8");
  await writeFile(join(project, "config.ini"), config.replace(/^epochs = .*$/m, "epochs = 3"));
}, 5 * minutes);

describe("the published packages", () => {
  test("hold what they say, and no tests", async () => {
    expect(packages.map(({ name }) => name)).toEqual([
      "@ml-mosaic/base",
      "@ml-mosaic/configurable",
      "@ml-mosaic/command-line",
      "@ml-mosaic/fits",
      "@ml-mosaic/python",
      "@ml-mosaic/statistics",
      "@ml-mosaic/tensor",
      "@ml-mosaic/training",
      "ml-mosaic",
      "@ml-mosaic/board",
      "@ml-mosaic/bigsf",
    ]);
    for (const { name, folder } of packages) {
      const installed = join(project, "node_modules", name);
      const manifest = JSON.parse(await readFile(join(installed, "package.json"), "utf8"));
      expect(manifest.publishConfig).toEqual({ access: "public" });
      expect(manifest.engines).toEqual({ node: ">=24" });
      for (const file of ["README.md", "LICENSE", "dist/src/index.js", "dist/src/index.d.ts"])
        expect((await stat(join(installed, file))).isFile()).toBe(true);
      for (const bin of Object.values<string>(manifest.bin ?? {})) {
        expect(await readFile(join(installed, bin), "utf8")).toMatch(/^#!\/usr\/bin\/env -S node /);
        expect((await stat(join(folder, bin))).mode & 0o111).toBe(0o111);
      }
    }
  });

  test("have every command of the sources", async () => {
    for (const { name, folder } of packages) {
      const source = JSON.parse(
        await readFile(join(root, "packages", name.replace(/^@ml-mosaic\/|^ml-/, ""), "package.json"), "utf8"),
      );
      const published = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
      expect(Object.keys(published.bin ?? {})).toEqual(Object.keys(source.bin ?? {}));
      expect(Object.keys(published.exports)).toEqual(Object.keys(source.exports));
    }
  });

  test(
    "type-check a user's modules",
    async () => {
      const options = "--noEmit --strict --module nodenext --target esnext --types node".split(" ");
      await run("npx", "tsc", ...options, "dataset.ts", "mlp.ts");
    },
    minutes,
  );

  test.skipIf(!existsSync(browserPath("chromium")) && process.env.REQUIRE_ALL !== "1")(
    "train in a browser, with the bits of Node",
    async () => {
      const snippets = ["in-browser.js", "in-browser.html"];
      for (const name of snippets) await cp(join(root, "docs", "snippets", name), join(project, name));
      const page = await readFile(join(project, "in-browser.html"), "utf8");
      const { output, loaded } = await visit("chromium", { page, folders: { "/": `${project}/` } });
      const [, script = ""] = /<script type="module">(.*)<\/script>/s.exec(page) ?? [];
      const inNode = script.replace(
        /document.querySelector\("output"\).textContent = (.*);/,
        "process.stdout.write($1);",
      );
      await writeFile(join(project, "in-node.js"), inNode);
      expect((await run("npx", "node", "in-node.js")).stdout).toBe(output);
      expect(JSON.parse(output).losses).toHaveLength(100);
      const bytes = [...loaded.values()].reduce((sum, each) => sum + each, 0);
      console.log(`a browser loads ${loaded.size} files of ${Math.round(bytes / 1000)} kB to train`);
    },
    minutes,
  );

  test(
    "train the tutorial",
    async () => {
      expect((await run("npx", "node", "--version")).stdout).toMatch(/^v(2[4-9]|[3-9]\d)\./);
      const { stdout } = await run("npx", "mosaic", "run", "config.ini", "or.db");
      expect(stdout).toContain("MlpFunnel(4,2)");
      const database = new DatabaseSync(join(project, "or.db"), { readOnly: true });
      const counts = database.prepare("SELECT status, count(*) AS runs FROM runs GROUP BY status").all();
      database.close();
      expect(counts).toEqual([{ status: "done", runs: 24 }]);
      expect((await run("npx", "mosaic_generate", "config.ini", "pipelines.json")).stdout).toMatch(
        /^6 pipelines, each 4 times in a row, /,
      );
    },
    2 * minutes,
  );

  test(
    "cut, train on every fold and segment a map",
    async () => {
      const maps = "image target missing background".split(" ").map((layer) => `${layer}: sample/${layer}.fits`);
      await writeFile(join(project, "preprocess.yaml"), [...maps, "output: data", "stride: 8", ""].join("\n"));
      await writeFile(
        join(project, "folds.yaml"),
        `data: { path: data/patches.h5, folds: { k: 3, k_train: 0.34, area_size: 48 } }
trainer: { run_name: folds, model: { type: unet, features: 2, num_blocks: 1 }, epochs: 1 }
`,
      );
      await writeFile(
        join(project, "segment.yaml"),
        "{ model_snapshot: results/folds/split_1/best.safetensors, source: sample/image.fits, output: segmented }\n",
      );
      await run("npx", "bigsf", "sample", "--size", "192x192");
      await run("npx", "bigsf", "preprocess", "-c", "preprocess.yaml");
      expect((await run("npx", "bigsf", "train-k-fold", "-c", "folds.yaml")).stdout).toContain("95 % (Nadeau-Bengio)");
      await run("npx", "bigsf", "segment", "-c", "segment.yaml");
      expect((await stat(join(project, "segmented", "mask.fits"))).size).toBeGreaterThan(192 * 192);
    },
    2 * minutes,
  );
});
