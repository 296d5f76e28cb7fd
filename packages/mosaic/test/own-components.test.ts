/** A loss, an optimizer, a scheduler and a rule to stop by of one's own, chosen in an `.ini` file by the names that YAML has. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { example, openWorkspace, type Workspace } from "./workspace.ts";

const own = `import { configurable, float, int, register, schema } from "@ml-mosaic/configurable";
import { BaseLoss, BaseOptimizer, BaseScheduler, EarlyStopping } from "@ml-mosaic/training";
import type { Tensor } from "@ml-mosaic/tensor";

class ScaledSquare extends configurable({ scale: schema(float, { default: 1 }) }, BaseLoss) {
  static override readonly aliases = ["scaled_square"];
  override forward(prediction: Tensor, target: Tensor): Tensor {
    return prediction.sub(target).pow(2).mean().mul(this.scale);
  }
}
class SignSgd extends configurable({ lr: schema(float, { default: 1e-3 }) }, BaseOptimizer) {
  static override readonly aliases = ["sign_sgd"];
  override preconditions() {
    return this.lr > 1 ? { option: "lr", message: "must be at most 1" } : undefined;
  }
  override build() {
    return {
      name: "SignSGD",
      lr: this.lr,
      slots: {},
      scalars: (_step: number, lr: number) => ({ lr }),
      update: ({ parameter, gradient, scalars }) => ({
        parameter: parameter.sub(gradient.sign().mul(scalars.lr ?? 0)),
        slots: {},
      }),
    };
  }
}
class Halving extends configurable({ every: schema(int, { default: 1 }) }, BaseScheduler) {
  override build() {
    return {
      name: "Halving",
      start: { epoch: 0 },
      lr: ({ epoch = 0 }, baseLr: number) => baseLr / 2 ** Math.floor(epoch / this.every),
      next: ({ epoch = 0 }) => ({ epoch: epoch + 1 }),
    };
  }
}
class AfterEpochs extends configurable({ epochs: schema(int) }, EarlyStopping) {
  static override readonly aliases = ["after_epochs"];
  override build() {
    return {
      start: { left: this.epochs },
      next: ({ left = 0 }) => ({ left: left - 1 }),
      stops: ({ left = 0 }) => left <= 0,
    };
  }
}
register(ScaledSquare, SignSgd, Halving, AfterEpochs);
`;

let workspace: Workspace;
let sections: string;
beforeAll(async () => {
  workspace = await openWorkspace({
    "dataset.ts": await readFile(join(example, "dataset.ts"), "utf8"),
    "mlp.ts": await readFile(join(example, "mlp.ts"), "utf8"),
    "own.ts": own,
  });
  const config = await readFile(join(example, "config.ini"), "utf8");
  sections = config
    .slice(config.indexOf("[MONITOR]"))
    .replace(/multiplicity = .*/, "multiplicity = 1")
    .replaceAll(/\{.*-.*\}/g, "2");
});
afterAll(() => workspace.close());

const schemes = "data_scheme = dataset\npipeline_scheme = mlp\n";
const chosen =
  "loss_function = scaled_square\nloss_function.scale = 0.5, 2\noptimizer = sign_sgd\nscheduler = Halving(every=2)\nearly_stopping = after_epochs\nearly_stopping.epochs = 4\n";

describe("components of one's own", () => {
  test("train by their names, and are the same run again", async () => {
    await workspace.write(
      "own.ini",
      `[PROCESS]\nlr = 1e-2\nepochs = 9\n${schemes}imports = ./own.ts\n${chosen}${sections}`,
    );
    expect(await workspace.run("run", "own.ini", "own.db")).toMatchObject({ code: 0 });
    const rates = workspace
      .query("own.db", "SELECT lr FROM history WHERE run_id = 1 ORDER BY epoch")
      .map(({ lr }) => lr);
    expect(rates).toEqual([1e-2, 1e-2, 5e-3, 5e-3]);
    const losses = workspace.query("own.db", "SELECT train_loss FROM history WHERE epoch = 1 ORDER BY run_id");
    expect(losses.length).toBeGreaterThan(1);
    expect(new Set(losses.map(({ train_loss }) => train_loss)).size).toBeGreaterThan(1);
    const again = await workspace.run("run", "own.ini", "own.db", "--continue");
    expect(again).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/ done before, 0 unfinished taken up, 0 new/),
    });
    expect((await workspace.run("schema", "own.ini")).stdout).toContain("optimizer = SignSgd\n  no options");
    // Another text of theirs makes other runs.
    await workspace.write("own.ts", own.replace("parameter.sub(", "parameter.sub ("));
    const changed = await workspace.run("run", "own.ini", "own.db", "--continue");
    expect(changed.stderr).toContain("another text of ./own.ts");
  });

  test("are checked before anything runs", async () => {
    const refused = async (lines: string) => {
      await workspace.write("bad.ini", `[PROCESS]\nepochs = 9\n${schemes}${lines}${sections}`);
      const finished = await workspace.run("run", "bad.ini", "bad.db");
      expect(finished).toMatchObject({ code: 2, stdout: "" });
      return finished.stderr;
    };
    expect(await refused(`lr = 1\n${chosen}`)).toContain('got "scaled_square"');
    expect(await refused("lr = 1, 2\nimports = ./own.ts\noptimizer = sign_sgd\n")).toContain("must be at most 1");
    expect(await refused("lr = 1\nimports = ./own.ts\nloss_function = scaled_square(scale=x)\n")).toContain(
      'bad.ini:7: [PROCESS] loss_function.scale: expected a number, got "x"',
    );
    expect(await refused("lr = 1\nimports = ./owm.ts\n")).toMatch(
      /bad\.ini:6: \[PROCESS\] imports\[0\]: .*owm\.ts cannot be loaded/,
    );
  });
});
