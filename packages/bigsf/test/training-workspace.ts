/** What the tests of `bigsf train` and `bigsf train-k-fold` work with: a small synthetic map and the command. */

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { errorCode } from "@ml-mosaic/base";
import { type ConfigObject, toYaml } from "@ml-mosaic/configurable";
import { Preprocessing } from "../src/patches/preprocessing.ts";
import { writeSample } from "../src/sample/write-sample.ts";

const command = new URL("../bin/bigsf.ts", import.meta.url).pathname;

export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

export interface RunningCommand {
  readonly pid: number;
  readonly finished: Promise<CommandResult>;
  /** Waits until it has said this. */
  said(text: string): Promise<void>;
  /** As Ctrl-C on a terminal: the command and its processes. */
  signalGroup(signal: NodeJS.Signals): void;
  /** Whether one of its processes lives. */
  groupLives(): boolean;
}

/** Options that differ from the usual ones. */
export interface RunFiles {
  readonly data?: ConfigObject;
  readonly folds?: ConfigObject;
  readonly trainer?: ConfigObject;
  readonly more?: ConfigObject;
}

export class TrainingWorkspace {
  readonly folder = mkdtempSync(join(tmpdir(), "bigsf-train-"));
  readonly #groups: number[] = [];

  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** A map of 128 x 128 and patches of 16 x 16 from it. */
  async prepare(): Promise<void> {
    const maps = await writeSample({ folder: this.path("sample"), height: 128, width: 128, seed: 1 });
    await Preprocessing.fromConfig({ ...maps, output: this.path("data"), patch_size: 16, stride: 8 }).run();
  }

  /** No process outlives a test. */
  remove(): void {
    for (const group of this.#groups) if (lives(group)) process.kill(-group, "SIGKILL");
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Writes `<name>.yaml`, whose run goes into `runs/<name>`, or to where `trainer` says. @returns its path */
  config(name: string, { data, folds, trainer, more }: RunFiles = {}): string {
    const values: ConfigObject = {
      data: {
        ...(data?.source === undefined ? { path: "data/patches.h5" } : {}),
        folds: { k: 3, k_train: 0.34, area_size: 32, overlap: 4, ...folds },
        train: { data_augmentations: [{ type: "random_rotation" }, { type: "noise" }] },
        ...data,
      },
      trainer: {
        output_dir: "runs",
        run_name: name,
        model: { type: "unet", features: 4, num_blocks: 2 },
        optimizer: { type: "adam", lr: 0.01 },
        epochs: 4,
        batch_size: 4,
        metrics: [{ type: "dice" }, { type: "average_precision" }],
        ...trainer,
      },
      ...more,
    };
    const path = this.path(`${name}.yaml`);
    writeFileSync(path, toYaml(values));
    return path;
  }

  run(...args: readonly string[]): Promise<CommandResult> {
    return this.start(...args).finished;
  }

  start(...args: readonly string[]): RunningCommand {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", command, ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      // A process group of its own, as a shell gives every command.
      detached: true,
    });
    const group = child.pid ?? 0;
    this.#groups.push(group);
    let [out, err, closed] = ["", "", false];
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    const finished = new Promise<CommandResult>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        closed = true;
        resolve({ code, signal, out, err });
      });
    });
    return {
      pid: group,
      finished,
      async said(text) {
        while (!err.includes(text)) {
          if (closed) throw new Error(`it ended without saying "${text}": ${err}`);
          await wait(5);
        }
      },
      signalGroup: (signal) => void process.kill(-group, signal),
      groupLives: () => lives(group),
    };
  }

  /** Names of the files in a folder, those of folders in it as `folder/name`. */
  files(...names: readonly string[]): readonly string[] {
    const root = this.path(...names);
    return readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(root, name)).isFile())
      .sort();
  }

  /** What the files of a folder hold, by name. */
  contents(...names: readonly string[]): Readonly<Record<string, string>> {
    const read = (name: string) => readFileSync(this.path(...names, name)).toString("base64");
    return Object.fromEntries(this.files(...names).map((name) => [name, read(name)]));
  }

  text(...names: readonly string[]): string {
    return readFileSync(this.path(...names), "utf8");
  }
}

function lives(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    if (errorCode(error) === "ESRCH") return false;
    throw error;
  }
}
