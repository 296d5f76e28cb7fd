import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseIni } from "./ini.ts";

describe("parseIni", () => {
  test("reads sections and options with their lines", () => {
    const text =
      "\uFEFF# comment\r\n\r\n[A b]\r\nOne = 1, 2\r\n; comment\r\nempty =\r\n[B]\r\npath=./my dir/m.ts = x\r\n";
    expect(parseIni(text)).toEqual({
      sections: [
        {
          name: "A b",
          line: 3,
          options: [
            { name: "One", value: "1, 2", line: 4 },
            { name: "empty", value: "", line: 6 },
          ],
        },
        { name: "B", line: 7, options: [{ name: "path", value: "./my dir/m.ts = x", line: 8 }] },
      ],
      problems: [],
      notices: [],
      lines: 9,
    });
  });

  test("keeps case apart, and indented comments are comments", () => {
    const { sections, problems } = parseIni("[a]\nx = 1\nX = 2\n  # note\n[A]\n");
    expect(problems).toEqual([]);
    expect(sections.map(({ name }) => name)).toEqual(["a", "A"]);
    expect(sections[0]?.options).toHaveLength(2);
  });

  test("collects every problem", () => {
    const text = "early = 1\n[A]\nx = 1\nx = 2\nnonsense here\n= 3\n[A]\n[]\n[B\ny: 4\n[C] # c\n  z = 5\n  2, 3\n";
    expect(parseIni(text).problems.map(({ line, message }) => [line, message])).toEqual([
      [1, "The option stands before any section."],
      [4, "The option is already on line 3."],
      [5, '"nonsense here" is neither a section nor an option.'],
      [6, '"= 3" has no option name.'],
      [7, "The section is already on line 2."],
      [8, "The section has no name."],
      [9, '"[B" has no closing bracket.'],
      [10, '"y: 4" is neither a section nor an option.'],
      [11, '"# c" stands after the closing bracket.'],
      [12, '"z = 5" is indented.'],
      [13, '"2, 3" is indented.'],
    ]);
  });

  test("notices what looks like a comment behind a value", () => {
    const { problems, notices } = parseIni('[A]\nx = 1 # rate\ny = "a # b"\nz = a#b\n');
    expect(problems).toEqual([]);
    expect(notices.map(({ line, option }) => [line, option])).toEqual([[2, "x"]]);
  });

  test("never throws, and every line it names exists", () => {
    const line = fc.oneof(fc.string(), fc.constantFrom("[A]", "[A", "[]", "x = 1", "= 2", "  y", "# c", ":"));
    fc.assert(
      fc.property(fc.array(line), fc.constantFrom("\n", "\r\n", "\r"), (lines, newline) => {
        const text = lines.join(newline);
        const { sections, problems } = parseIni(text);
        const count = text.split(/\r\n|\n|\r/).length;
        for (const found of [...problems, ...sections, ...sections.flatMap(({ options }) => options)]) {
          expect(found.line).toBeGreaterThanOrEqual(1);
          expect(found.line).toBeLessThanOrEqual(count);
        }
        expect(new Set(sections.map(({ name }) => name)).size).toBe(sections.length);
      }),
    );
  });
});
