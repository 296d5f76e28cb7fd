import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { buildCommand, type CommandSpec, type Given, runCommandLine } from "./command.ts";

/** Runs a command with these options and gives what it was given. */
async function parse(...args: readonly string[]) {
  let given: Given | undefined;
  const text = { out: "", err: "" };
  const spec: CommandSpec = {
    name: "look",
    summary: "Look.",
    arguments: [
      { name: "database_file", help: "database" },
      { name: "shell", help: "shell", choices: ["bash", "zsh"], optional: true },
    ],
    options: [
      { name: "verbose", short: "v", help: "more" },
      { name: "id", value: "IDS", help: "ids" },
      { name: "param_name_and_value", value: "NAME", secondValue: "VALUE", help: "a pair" },
    ],
    examples: ["mosaic look or.db"],
    async run(theGiven) {
      given = theGiven;
      theGiven.pair("param_name_and_value");
      return 0;
    },
  };
  const terminal = {
    out: (more: string) => {
      text.out += more;
    },
    err: (more: string) => {
      text.err += more;
    },
    isLive: false,
  };
  const program = new Command("mosaic").addCommand(buildCommand(spec, terminal, "look"));
  const code = await runCommandLine(program, ["look", ...args], terminal);
  return { code, given, ...text };
}

const pairOf = async (...args: readonly string[]) => (await parse(...args)).given?.pair("param_name_and_value");

describe("an option with two values", () => {
  it.each([
    [["or.db", "-param_name_and_value", "lr", "0.1"]],
    [["--param_name_and_value", "lr", "0.1", "or.db"]],
    [["--param_name_and_value=lr", "0.1", "-v", "or.db"]],
    [["-v", "-param_name_and_value", "lr", "0.1", "-id", "1-3", "or.db"]],
  ])("%j", async (args) => {
    const { code, given } = await parse(...args);
    expect(code).toBe(0);
    expect(given?.pair("param_name_and_value")).toEqual(["lr", "0.1"]);
    expect(given?.argument("database_file")).toBe("or.db");
  });

  it("takes values that look like something else", async () => {
    expect(await pairOf("or.db", "-param_name_and_value", "slope", "-0.1")).toEqual(["slope", "-0.1"]);
    expect(await pairOf("or.db", "--param_name_and_value", "", "a b=c")).toEqual(["", "a b=c"]);
    expect(await pairOf("or.db")).toBeUndefined();
  });

  it.each([
    [["or.db", "-param_name_and_value", "lr"], "is given once, with two values"],
    [["or.db", "-param_name_and_value"], "argument missing"],
    [["or.db", "-param_name_and_value", "a", "b", "-param_name_and_value", "c", "d"], "is given once"],
  ])("%j is refused", async (args, message) => {
    const { code, err } = await parse(...args);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});

it("has short names, optional arguments and choices", async () => {
  const { given } = await parse("or.db", "-v");
  expect(given?.switched("verbose")).toBe(true);
  expect(given?.optionalArgument("shell")).toBeUndefined();
  expect((await parse("or.db", "zsh")).given?.optionalArgument("shell")).toBe("zsh");
  expect(await parse("or.db", "fish")).toMatchObject({ code: 2, err: expect.stringContaining("bash, zsh") });
  expect((await parse("--help")).out).toMatch(/-v, --verbose.*--param_name_and_value <NAME VALUE>/s);
});
