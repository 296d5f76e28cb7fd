import fc from "fast-check";
import { expect, test } from "vitest";
import { fillCommand, namesInCommand, parseCommand } from "./command.ts";

const filled = (text: string, values: Readonly<Record<string, string>> = {}) => {
  const { command, faults } = parseCommand(text);
  expect(faults).toEqual([]);
  return fillCommand(command, (name) => values[name] ?? "");
};

test.each([
  ["python3 train.py", ["python3", "train.py"]],
  ["  a\t b\n c ", ["a", "b", "c"]],
  ['run "my script.py" x"y z"w', ["run", "my script.py", "xy zw"]],
  [`a '"' "'" ""`, ["a", '"', "'", ""]],
  ["a {{ {{x} {{{{", ["a", "{", "{x}", "{{"]],
  ["--json '{{\"a\": 1}'", ["--json", '{"a": 1}']],
  ["a; b | c > d $HOME * \\n", ["a;", "b", "|", "c", ">", "d", "$HOME", "*", "\\n"]],
  ["{lr} --lr={lr} '{lr} {lr}' {{lr}", ["0.1 2", "--lr=0.1 2", "0.1 2 0.1 2", "{lr}"]],
])("%s", (text, words) => {
  expect(filled(text, { lr: "0.1 2" })).toEqual(words);
});

test("names are those in braces", () => {
  expect([...namesInCommand(parseCommand("a {lr} {early_stopping.patience} {{no} '{größe}'").command)]).toEqual([
    "lr",
    "early_stopping.patience",
    "größe",
  ]);
});

test.each([
  ["a {", /"\{" in the command is not the name/],
  ["a {b c}", /"\{" in the command/],
  ["a {}", /"\{\}" in the command/],
  ["a {1}", /"\{1\}" in the command/],
  ["a 'b", /A quote ' in the command is not closed/],
  ["a \"b'", /A quote " in the command/],
  ["  ", /The command is empty/],
])("is refused: %s", (text, says) => {
  expect(parseCommand(text).faults.map(({ message }) => message)).toEqual(
    expect.arrayContaining([expect.stringMatching(says)]),
  );
});

test("any words come through in quotes, whatever values hold", () => {
  const word = fc.string({ unit: "binary" }).filter((text) => !text.includes('"'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), word, (words, value) => {
      const text = words.map((each) => `"${each.replaceAll("{", "{{")}"`).join(" ");
      expect(filled(text)).toEqual(words);
      expect(filled(`a "{v}" {v}`, { v: value })).toEqual(["a", value, value]);
    }),
  );
});
