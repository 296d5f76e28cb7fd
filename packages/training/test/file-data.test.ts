/** Training on files of arrays and tables: the same whatever the kind of file. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { Trainer } from "@ml-mosaic/training";
import { expect, test } from "vitest";
import { pointsConfig, resultsOf } from "./points/config.ts";

const folder = temporaryFolder();
const fixtures = join(import.meta.dirname, "..", "fixtures", "points");
type Options = Readonly<Record<string, unknown>>;

function config(name: string, data: Options) {
  const { imports, trainer } = pointsConfig(join(folder, name));
  return { imports, data: { type: "file", valid: 0.25, test: 0.25, ...data }, trainer };
}

const columns = { input: ["x", "y", "z"], target: ["positive"], types: { positive: "float32" } };

test("files of all kinds train one model, also with threads", async () => {
  const runs: Readonly<Record<string, Options>> = {
    "points.npz": {},
    "packed.npz": {},
    "points.h5": { num_workers: 1 },
    "points.parquet": columns,
    "points.csv": { ...columns, num_workers: 1 },
  };
  const results = [];
  for (const [file, data] of Object.entries(runs)) {
    await Trainer.fromConfig(config(file, { path: join(fixtures, file), ...data })).train();
    results.push(await resultsOf(join(folder, file, "run")));
  }
  const [first] = results;
  expect(first?.log.at(-1)).toMatch(/^3,/);
  for (const each of results) expect(each).toEqual(first);
});

test("a YAML file names it, with paths from its own folder, and a file for each set", async () => {
  for (const name of ["train", "valid"]) copyFileSync(join(fixtures, "points.h5"), join(folder, `${name}.h5`));
  const text = [
    "imports: [IMPORTS]",
    "data: { type: file, path: ./train.h5, valid: ./valid.h5, test: 0.5, split: ordered }",
    "trainer: { output_dir: ./yaml, run_name: run, model: { type: point_net }, optimizer: { type: adam }, batch_size: 16, epochs: 2 }",
  ].join("\n");
  const file = join(folder, "config.yaml");
  writeFileSync(file, text.replace("IMPORTS", pointsConfig("").imports.join()));
  await Trainer.fromConfig(file).train();
  expect((await resultsOf(join(folder, "yaml", "run"))).log).toHaveLength(3);
});

test("names of classes are those of the file to train with, in all files", async () => {
  writeFileSync(join(folder, "a.csv"), "x,y,z,kind\n1,2,3,b\n1,2,3,c\n");
  writeFileSync(join(folder, "b.csv"), "x,y,z,kind\n1,2,3,a\n");
  const { trainer, ...rest } = config("classes", {
    path: join(folder, "a.csv"),
    valid: join(folder, "b.csv"),
    test: 0.5,
    input: ["x", "y", "z"],
    target: ["kind"],
  });
  await expect(Trainer.fromConfig({ ...rest, trainer }).train()).rejects.toThrow(
    /b\.csv has 1 wrong values\n {2}line 2: kind is "a"; it must be one of b, c/,
  );
});

test("mistakes are told at once, by the names of their options", async () => {
  const wrong = config("wrong", {
    path: join(folder, "no.h5"),
    valid: 1.5,
    missing: "zero",
    types: { x: "int" },
    inputs: ["x"],
  });
  await expect(Trainer.fromConfig(wrong)).rejects.toThrow(/there is no file .*no\.h5/);
  await expect(Trainer.fromConfig(wrong)).rejects.toThrow(/data\.missing: expected .*refuse.*nan/);
  await expect(Trainer.fromConfig(wrong)).rejects.toThrow(/data\.inputs: .*did you mean "?input"?/i);
  const shares = config("shares", { path: join(fixtures, "points.npz"), valid: 0.5, test: 0.5 });
  await expect(Trainer.fromConfig(shares)).rejects.toThrow(/valid and test take 1 of the samples/);
  const names = config("names", { path: join(fixtures, "points.npz"), input: ["inputs"] });
  await expect(Trainer.fromConfig(names).train()).rejects.toThrow(
    /points\.npz: there is no array "inputs"; did you mean "input"\?; it has "input", "output"/,
  );
});
