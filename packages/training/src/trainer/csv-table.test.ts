import { expect, test } from "vitest";
import { csvLine, csvText, readCsvText } from "./csv-table.ts";

const odd = { columns: ["epoch", 'a "quoted", name', "two\nlines"], rows: [] };

test("what was written is read back, whatever the names", () => {
  const table = {
    ...odd,
    rows: [
      { epoch: "1", 'a "quoted", name': "", "two\nlines": 'x,"y"' },
      { epoch: "2", 'a "quoted", name': "NaN", "two\nlines": "3" },
    ],
  };
  expect(readCsvText(csvText(table))).toEqual(table);
  expect(readCsvText(csvText(odd))).toEqual(odd);
});

test("a line that was not written to its end is left out", () => {
  const text = `epoch,loss\n1,0.5\n2,0.25\n`;
  for (let length = text.length - 1; length > text.length - 7; length--)
    expect(readCsvText(text.slice(0, length)).rows).toEqual([{ epoch: "1", loss: "0.5" }]);
  expect(readCsvText("epoch,lo")).toEqual({ columns: [], rows: [] });
  expect(readCsvText("")).toEqual({ columns: [], rows: [] });
});

test("a line of cells", () => {
  expect(csvLine([1, "a", undefined, Number.NaN, "b,c"])).toBe('1,a,,NaN,"b,c"\n');
});
