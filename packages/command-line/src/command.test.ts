import { CodedError } from "@ml-mosaic/base";
import { describe, expect, test } from "vitest";
import { command, type ExitCode, type Given } from "./command.ts";
import { Stopped } from "./interruptible.ts";
import { runCommand, runProgram } from "./program.ts";

const looksArguments = [
  { name: "database_file", help: "database" },
  { name: "shell", help: "shell", choices: ["bash", "zsh"], optional: true },
] as const;

const looksOptions = [
  { name: "verbose", short: "v", help: "more" },
  { name: "dry-run", help: "nothing" },
  { name: "id", value: "IDS", help: "ids" },
  { name: "epochs", value: "N", whole: { least: 1 }, help: "epochs" },
  { name: "size", short: "s", value: "N", whole: { least: 0, most: 9 }, default: 2, help: "size" },
  { name: "color", value: "BY", choices: ["criterion", "model"], default: "criterion", help: "colour" },
  { name: "param_name_and_value", value: "NAME", secondValue: "VALUE", help: "a pair" },
] as const;

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
    [["or.db", "-param_name_and_value", "lr"], "is given once, with two values"],
    [["or.db", "-param_name_and_value"], "argument missing"],
    [["or.db", "-param_name_and_value", "a", "b", "-param_name_and_value", "c", "d"], "is given once"],
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
  expect(await parse("or.db", "fish")).toMatchObject({ code: 2, err: expect.stringContaining("bash, zsh") });
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

  test.each([
    [["--epochs", "0"], /'--epochs <N>' argument '0' is invalid\. It is a whole number of at least 1/],
    [["-epochs", "1.5"], /It is a whole number of at least 1/],
    [["-epochs", "1e3"], /It is a whole number of at least 1/],
    [["-s", "10"], /It is a whole number from 0 to 9/],
    [["--color", "red"], /Allowed choices are criterion, model/],
  ])("%j is refused", async (args, message) => {
    const { code, err, given } = await parse("or.db", ...args);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect(given).toBeUndefined();
  });

  test("in arguments too", async () => {
    const seen: unknown[] = [];
    const show = command({
      name: "show",
      summary: "Show.",
      arguments: [
        { name: "run_id", help: "run", whole: { least: 0 } },
        { name: "criterion", help: "criterion", default: "test_loss" },
      ],
      options: [{ name: "config", short: "c", value: "file", required: true, help: "configuration" }],
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
    expect(await run("x", "-c", "a.yaml")).toMatchObject({ code: 2, err: expect.stringContaining("whole number") });
    expect(await run("7")).toMatchObject({ code: 2, err: expect.stringContaining("'-c, --config <file>'") });
    expect((await run("--help")).out).toContain("Usage: mosaic_show ");
    expect(seen).toHaveLength(2);
  });
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
