import { CodedError } from "@ml-mosaic/base";
import { boolean, int, list, literal, schema, string, within } from "@ml-mosaic/configurable";
import { describe, expect, test } from "vitest";
import { command, type ExitCode, type Given } from "./command.ts";
import { Stopped } from "./interruptible.ts";
import { runCommand, runProgram } from "./program.ts";

const looksArguments = {
  database_file: schema(string, { help: "database" }),
  shell: schema(literal("bash", "zsh"), { optional: true, help: "shell" }),
};

const looksOptions = {
  verbose: schema(boolean, { aliases: ["v"], help: "more" }),
  "dry-run": schema(boolean, { help: "nothing" }),
  id: schema(string, { optional: true, words: "IDS", help: "ids" }),
  epochs: schema(within(int, { minimum: 1 }), { optional: true, words: "N", help: "epochs" }),
  size: schema(within(int, { minimum: 0, maximum: 9 }), { default: 2, aliases: ["s"], words: "N", help: "size" }),
  color: schema(literal("criterion", "model"), { default: "criterion", words: "BY", help: "colour" }),
  param_name_and_value: schema(list(string), { optional: true, words: "NAME VALUE", help: "a pair" }),
};

type Looks = Given<typeof looksArguments, typeof looksOptions>;

function written() {
  const text = { out: "", err: "" };
  const terminal = {
    out: (more: string) => {
      text.out += more;
    },
    err: (more: string) => {
      text.err += more;
    },
    isLive: false,
  };
  return { text, terminal };
}

/** A command that gives to `seen` what it was given. */
function look(seen: (given: Looks) => ExitCode) {
  return command({
    name: "look",
    summary: "Look.",
    arguments: looksArguments,
    options: looksOptions,
    examples: ["mosaic look or.db"],
    run: async (given) => seen(given),
  });
}

/** Runs it with these options and gives what it was given. */
async function parse(...args: readonly string[]) {
  let given: Looks | undefined;
  const { text, terminal } = written();
  const spec = look((theGiven) => {
    given = theGiven;
    return 0;
  });
  const program = { name: "mosaic", summary: "", commands: { look: async () => spec } };
  const code = await runProgram(program, ["look", ...args], terminal);
  return { code, given, ...text };
}

const pairOf = async (...args: readonly string[]) => (await parse(...args)).given?.param_name_and_value;

describe("an option with two values", () => {
  test.each([
    [["or.db", "-param_name_and_value", "lr", "0.1"]],
    [["--param_name_and_value", "lr", "0.1", "or.db"]],
    [["--param_name_and_value=lr", "0.1", "-v", "or.db"]],
    [["-v", "-param_name_and_value", "lr", "0.1", "-id", "1-3", "or.db"]],
  ])("%j", async (args) => {
    const { code, given } = await parse(...args);
    expect(code).toBe(0);
    expect(given?.param_name_and_value).toEqual(["lr", "0.1"]);
    expect(given?.database_file).toBe("or.db");
  });

  test("takes values that look like something else", async () => {
    expect(await pairOf("or.db", "-param_name_and_value", "slope", "-0.1")).toEqual(["slope", "-0.1"]);
    expect(await pairOf("or.db", "--param_name_and_value", "", "a b=c")).toEqual(["", "a b=c"]);
    expect(await pairOf("or.db")).toBeUndefined();
  });

  test.each([
    [["or.db", "-param_name_and_value", "lr"], "--param_name_and_value: missing, expected 2 words (NAME VALUE)"],
    [["or.db", "-param_name_and_value", "lr", "-v"], "missing, expected 2 words"],
    [["or.db", "-param_name_and_value"], "missing, expected 2 words"],
    [
      ["or.db", "-param_name_and_value", "a", "b", "-param_name_and_value", "c", "d"],
      "given twice: keep one of the two",
    ],
  ])("%j is refused", async (args, message) => {
    const { code, err } = await parse(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

test("has short names, optional arguments and choices", async () => {
  const { given } = await parse("or.db", "-v");
  expect(given).toMatchObject({ verbose: true, "dry-run": false, id: undefined });
  expect(given?.shell).toBeUndefined();
  expect((await parse("or.db", "zsh")).given?.shell).toBe("zsh");
  expect((await parse("or.db", "")).given?.shell).toBeUndefined();
  expect(await parse("or.db", "fish")).toMatchObject({
    code: 2,
    err: expect.stringContaining('shell: expected one of "bash", "zsh", got "fish"'),
  });
  expect((await parse("--help")).out).toMatch(/-v, --verbose.*--param_name_and_value <NAME VALUE>/s);
});

describe("values have types", () => {
  test("and defaults, which the help tells", async () => {
    expect((await parse("or.db")).given).toMatchObject({ epochs: undefined, size: 2, color: "criterion" });
    expect((await parse("or.db", "-epochs", "5", "-s", "0", "--color=model", "--dry-run")).given).toMatchObject({
      epochs: 5,
      size: 0,
      color: "model",
      "dry-run": true,
    });
    expect((await parse("--help")).out).toMatch(
      /\(default: 2\).*\(choices: "criterion", "model",\s+default: "criterion"\)/s,
    );
  });

  test("and no text means that there is none", async () => {
    expect((await parse("None", "-id", "null")).given).toMatchObject({ database_file: "None", id: "null" });
    expect((await parse("or.db", "--id=")).given?.id).toBe("");
    expect((await parse("or.db", "--epochs=")).err).toContain('--epochs: expected an integer of at least 1, got ""');
  });

  test.each([
    [["--epochs", "0"], 'look: --epochs: expected an integer of at least 1, got "0"'],
    [["-epochs", "1.5"], '--epochs: expected an integer of at least 1, got "1.5"'],
    [["-epochs"], "--epochs: missing, expected an integer of at least 1"],
    [["-s", "10"], '-s: expected an integer of at least 0 and of at most 9, got "10"'],
    [["--color", "modle"], '--color: expected one of "criterion", "model", got "modle"; did you mean "model"?'],
    [["-v=perhaps"], '-v: expected true or false, got "perhaps"'],
  ])("%j is refused", async (args, message) => {
    const { code, err, given } = await parse("or.db", ...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toMatch(/\n\(mosaic look --help shows how it is used\)\n$/);
    expect(given).toBeUndefined();
  });

  test("and all that is wrong is said at once", async () => {
    const { code, err } = await parse(
      "or.db",
      "-epochs",
      "many",
      "--colour",
      "model",
      "--elephant",
      "more",
      "--id=1",
      "--id=2",
    );
    expect(code).toBe(2);
    expect(err.split("\n")).toEqual([
      "5 problems:",
      "  mosaic look: --id: given twice: keep one of the two",
      '  mosaic look: --colour: unknown option; did you mean "--color"?',
      expect.stringMatching(/^ {2}mosaic look: --elephant: unknown option, expected .*--verbose, --dry-run, --id/),
      '  mosaic look: shell: expected one of "bash", "zsh", got "more"',
      '  mosaic look: --epochs: expected an integer of at least 1, got "many"',
      "(mosaic look --help shows how it is used)",
      "",
    ]);
  });

  test("in arguments too", async () => {
    const seen: unknown[] = [];
    const show = command({
      name: "show",
      summary: "Show.",
      arguments: {
        run_id: schema(within(int, { minimum: 0 }), { help: "run" }),
        criterion: schema(string, { default: "test_loss", help: "criterion" }),
      },
      options: { config: schema(string, { aliases: ["c"], words: "FILE", help: "configuration" }) },
      examples: [],
      async run({ run_id, criterion, config }) {
        seen.push([run_id, criterion, config]);
        return 0;
      },
    });
    const run = async (...args: readonly string[]) => {
      const { text, terminal } = written();
      return { code: await runCommand(show, "mosaic_show", args, terminal), ...text };
    };
    expect((await run("0", "-c", "a.yaml")).code).toBe(0);
    expect((await run("7", "test_acc", "-c", "a.yaml")).code).toBe(0);
    expect(seen).toEqual([
      [0, "test_loss", "a.yaml"],
      [7, "test_acc", "a.yaml"],
    ]);
    expect(await run("x", "-c", "a.yaml")).toMatchObject({
      code: 2,
      err: expect.stringContaining("run_id: expected an integer"),
    });
    expect(await run("7")).toMatchObject({
      code: 2,
      err: expect.stringContaining("--config: missing, expected a string"),
    });
    expect(await run("7", "-c")).toMatchObject({ err: expect.stringMatching(/^mosaic_show: -c: missing, .*\n\(/) });
    expect(await run("", "-c", "a")).toMatchObject({ err: expect.stringContaining("run_id: missing") });
    expect((await run("--help")).out).toContain("Usage: mosaic_show ");
    expect(seen).toHaveLength(2);
  });
});

describe("words are shared out", () => {
  test("letters in a row, values in the same word, and what follows two dashes", async () => {
    expect((await parse("-vs4", "--", "-or.db")).given).toMatchObject({
      verbose: true,
      size: 4,
      database_file: "-or.db",
    });
    expect((await parse("-s=4", "-", "zsh")).given).toMatchObject({ size: 4, database_file: "-", shell: "zsh" });
    expect((await parse("-vx", "or.db")).err).toContain("--vx: unknown option");
    expect((await parse("-Epochs", "3", "or.db")).err).toMatch(/^mosaic look: --Epochs: .*"--epochs"/);
    expect((await parse("-x", "or.db")).err).toMatch(/^mosaic look: -x: unknown option, expected /);
    expect((await parse("--PROCESS.lr=3", "or.db")).err).toMatch(/^mosaic look: --PROCESS\.lr: unknown option/);
    expect((await parse("-sX", "or.db")).err).toMatch(/^mosaic look: -s: expected an integer .* got "X"/);
    expect((await parse("-v", "-v", "or.db", "--verbose=false")).err).toContain("--verbose: given twice");
  });

  test("what follows a misspelt option is that option's, and no argument too many", async () => {
    expect((await parse("or.db", "-epoch", "3")).err).toBe(
      'mosaic look: --epoch: unknown option; did you mean "--epochs"?\n(mosaic look --help shows how it is used)\n',
    );
    expect((await parse("or.db", "zsh", "more", "and", "more")).err).toMatch(
      /^mosaic look: too many arguments: "more", "and", "more"; expected database_file, shell\n/,
    );
  });

  test("a list takes all that are left; one among the options may be written several times", async () => {
    const seen: unknown[] = [];
    const several = command({
      name: "several",
      summary: "Several.",
      arguments: { first: schema(string), overrides: schema(list(string), { default: [] }) },
      options: { where: schema(list(int), { default: [] }) },
      examples: [],
      async run(given) {
        seen.push(given);
        return 0;
      },
    });
    const { text, terminal } = written();
    await runCommand(several, "several", ["a", "b", "--where", "1", "c", "--where=2"], terminal);
    await runCommand(several, "several", ["a"], terminal);
    expect(text.err).toBe("");
    expect(seen).toEqual([
      { first: "a", overrides: ["b", "c"], where: [1, 2] },
      { first: "a", overrides: [], where: [] },
    ]);
    await runCommand(several, "several", ["-h"], terminal);
    expect(text.out).toContain("Usage: several [options] <first> [overrides...]\n");
    expect(await runCommand(several, "several", ["a", "--where", "1", "--where", "x"], terminal)).toBe(2);
    expect(text.err).toContain('--where[1]: expected an integer, got "x"');
  });
});

test("what values ask of each other is said with the option's name", async () => {
  const pair = command({
    name: "pair",
    summary: "Pair.",
    arguments: {},
    options: { "retry-errors": schema(boolean), continue: schema(boolean) },
    examples: [],
    preconditions: (given) =>
      given["retry-errors"] && !given.continue
        ? { option: "retry-errors", message: "goes with --continue" }
        : undefined,
    run: async () => 0,
  });
  const { text, terminal } = written();
  expect(await runCommand(pair, "pair", ["--retry-errors"], terminal)).toBe(2);
  expect(text.err).toMatch(/^pair: --retry-errors: goes with --continue\n/);
  expect(await runCommand(pair, "pair", ["--retry-errors", "--continue"], terminal)).toBe(0);
});

describe("what a command throws", () => {
  async function thrown(error: unknown) {
    const { text, terminal } = written();
    const failing = look(() => {
      throw error;
    });
    return { code: await runCommand(failing, "look", ["or.db"], terminal), ...text };
  }

  test("on purpose is its message, from the system too", async () => {
    expect(await thrown(new CodedError("A", "do this"))).toEqual({ code: 2, out: "", err: "do this\n" });
    const system = Object.assign(new Error("ENOENT: no such file"), { code: "ENOENT", syscall: "open" });
    expect(await thrown(system)).toMatchObject({ code: 2, err: "ENOENT: no such file\n" });
  });

  test("when the user stops it is said, with exit code 3", async () => {
    expect(await thrown(new Stopped())).toEqual({ code: 3, out: "", err: "Stopped; nothing was written.\n" });
  });

  test("by mistake comes with its place", async () => {
    expect((await thrown(new TypeError("no"))).err).toMatch(/^no\nTypeError: no\n +at /);
    expect(await thrown("text")).toMatchObject({ code: 2, err: "text\n" });
  });
});
