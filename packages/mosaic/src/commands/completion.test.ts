import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, command } from "@ml-mosaic/command-line";
import { boolean, literal, path, schema } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { bashScript } from "./completion-bash.ts";
import { fishScript } from "./completion-fish.ts";
import { zshScript } from "./completion-zsh.ts";
import { selectorOptions } from "./selector-options.ts";

const run = async () => 0 as const;
const commands: readonly Command[] = [
  command({
    name: "status",
    summary: "How it's: [done], \\ or $HOME `not`.",
    arguments: { database_file: schema(path, { optional: true, help: "database" }) },
    options: {
      verbose: schema(boolean, { aliases: ["v"], help: "it's [more]: all" }),
      json: schema(boolean, { help: "JSON" }),
      plot: schema(path, { optional: true, help: "a file" }),
      ...selectorOptions,
    },
    examples: [],
    run,
  }),
  command({
    name: "completion",
    summary: "Print a script.",
    arguments: { shell: schema(literal("bash", "zsh", "fish"), { help: "the shell" }) },
    options: {},
    examples: [],
    run,
  }),
];

const fish = "fish";
let folder: string;
beforeAll(async () => {
  folder = temporaryFolder();
  await writeFile(join(folder, "bash"), bashScript(commands));
  await writeFile(join(folder, "zsh"), zshScript(commands));
  await writeFile(join(folder, "fish"), fishScript(commands));
});

/** In CI nothing may be missing. */
const isRequired = process.env.REQUIRE_ALL === "1";
function has(shell: string): boolean {
  try {
    execFileSync(shell, ["-c", "true"]);
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!has("bash") && !isRequired)("bash", () => {
  const complete = (...words: readonly string[]) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is bash's
    const script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mosaic; printf "%s\\n" "${COMPREPLY[@]}"';
    const output = execFileSync("bash", ["-c", script, join(folder, "bash"), ...words], { encoding: "utf8" });
    return output.trim().split("\n");
  };

  test.each([
    [
      ["mosaic", ""],
      ["status", "completion", "--help"],
    ],
    [["mosaic", "st"], ["status"]],
    [["mosaic", "status", "--v"], ["--verbose"]],
    [["mosaic", "status", "or.db", "--param_name_and_value_l"], ["--param_name_and_value_low_threshold"]],
    [["/usr/bin/mosaic_status", "--j"], ["--json"]],
    [["mosaic", "completion", "z"], ["zsh"]],
    // None of ours: bash takes file names.
    [["mosaic", "status", "o"], [""]],
    [["mosaic", "nothing", "--"], [""]],
  ])("%j", (words, completions) => expect(complete(...words)).toEqual(completions));
});

test.skipIf(!has("zsh") && !isRequired)("zsh takes its script", () => {
  const script = `autoload -Uz compinit; compinit -u -d '${folder}/dump'; source '${folder}/zsh'; print $_comps[mosaic] $_comps[mosaic_status]`;
  expect(
    execFileSync("zsh", ["-f", "-c", script], { encoding: "utf8", env: { HOME: folder, PATH: process.env.PATH } }),
  ).toBe("_mosaic _mosaic\n");
});

test.skipIf(!has(fish) && !isRequired)("fish completes with its script", () => {
  const complete = (line: string) =>
    execFileSync(fish, ["--no-config", "-c", `source '${folder}/fish'; complete -C '${line}'`], {
      encoding: "utf8",
      env: { HOME: folder, PATH: process.env.PATH },
    });
  expect(complete("mosaic sta")).toBe("status\tHow it's: [done], \\ or $HOME `not`.\n");
  expect(complete("mosaic status --verb")).toContain("--verbose\tit's [more]: all\n");
  expect(complete("mosaic_status --js")).toBe("--json\tJSON\n");
  expect(complete("mosaic completion z")).toContain("zsh");
  // Files where they are wanted.
  expect(complete("mosaic status --plot /usr/b")).toContain("/usr/bin/");
  expect(complete("mosaic status --id /usr/b")).toBe("");
});
