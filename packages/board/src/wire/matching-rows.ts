/** Which rows meet a condition, column by column: what `evaluate` says of every run, at the speed of typed arrays. */
import { type Condition, type ConditionValue, evaluate, namesIn } from "ml-mosaic/conditions";
import { type ColumnData, noText } from "./columns.ts";

/** Of a row: whether a part of the condition holds. A comparison of what is not there is neither true nor false. */
const [no, yes, unknown] = [0, 1, 2];

export interface ColumnsOfRuns {
  readonly rows: number;
  column(name: string): ColumnData | undefined;
}

/** Rows, ascending. A name without a column holds for no run. */
export function matchingRows(table: ColumnsOfRuns, condition: Condition | undefined): Uint32Array<ArrayBuffer> {
  const rows = new Uint32Array(table.rows);
  if (condition === undefined) {
    for (let row = 0; row < table.rows; row += 1) rows[row] = row;
    return rows;
  }
  const truth = truthOf(table, condition);
  let count = 0;
  for (let row = 0; row < table.rows; row += 1) {
    rows[count] = row;
    // Without a branch, since neighbouring rows tell nothing of each other.
    count += truth[row] === yes ? 1 : 0;
  }
  return rows.slice(0, count);
}

export function namesOf(condition: Condition): readonly string[] {
  return [...new Set(namesIn(condition).map(({ name }) => name))];
}

function truthOf(table: ColumnsOfRuns, condition: Condition): Uint8Array {
  switch (condition.kind) {
    case "and":
      return joined(
        condition.parts.map((part) => truthOf(table, part)),
        no,
      );
    case "or":
      return joined(
        condition.parts.map((part) => truthOf(table, part)),
        yes,
      );
    case "not":
      return truthOf(table, condition.part).map((each) => (each === unknown ? unknown : 1 - each));
    case "comparison":
    case "in": {
      const column = table.column(condition.name.name);
      if (column === undefined) return new Uint8Array(table.rows).fill(unknown);
      return column.kind === "text" ? ofTexts(column, table.rows, condition) : ofNumbers(column, table.rows, condition);
    }
    default:
      return condition satisfies never;
  }
}

type Comparison = Extract<Condition, { kind: "comparison" | "in" }>;

/** `decisive` where a part is that; else unknown where a part is; else its opposite. */
function joined(parts: readonly Uint8Array[], decisive: number): Uint8Array {
  const [first = new Uint8Array(), ...others] = parts;
  for (const part of others)
    for (let row = 0; row < first.length; row += 1) {
      const [one, other] = [first[row], part[row]];
      if (one === decisive) continue;
      if (other === decisive || one !== unknown) first[row] = other ?? unknown;
    }
  return first;
}

/** Each text is judged once. */
function ofTexts(column: Extract<ColumnData, { kind: "text" }>, rows: number, comparison: Comparison): Uint8Array {
  const judged = Uint8Array.from(column.texts, (text) => truthOfText(text, comparison));
  const without = truthOfText(undefined, comparison);
  const truth = new Uint8Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const code = column.codes[row] ?? noText;
    truth[row] = code === noText ? without : (judged[code] ?? unknown);
  }
  return truth;
}

/** A run has many tags: `tag = best` holds where one of them is that, `tag != best` where none is. */
function truthOfText(text: string | undefined, comparison: Comparison): number {
  const name = comparison.name.name;
  if (name === "note") return truthOfValue(text ?? "None", comparison);
  if (name !== "tag") return text === undefined ? unknown : truthOfValue(text, comparison);
  const tags = text === undefined || text === "" ? ["None"] : text.split(", ");
  if (comparison.kind === "comparison" && comparison.relation === "!=")
    return tags.every((tag) => truthOfValue(tag, comparison) === yes) ? yes : no;
  return tags.some((tag) => truthOfValue(tag, comparison) === yes) ? yes : no;
}

function truthOfValue(value: string | number, comparison: Comparison): number {
  if (evaluate(comparison, () => value)) return yes;
  return evaluate({ kind: "not", part: comparison }, () => value) ? no : unknown;
}

function ofNumbers(column: Extract<ColumnData, { kind: "number" }>, rows: number, comparison: Comparison): Uint8Array {
  const { values, missing } = column;
  const truth = new Uint8Array(rows);
  const bound = comparison.kind === "in" ? undefined : plainNumber(comparison.value);
  const wanted = comparison.kind === "in" ? numbersIn(comparison.values) : undefined;
  if (comparison.kind === "comparison" && bound !== undefined) {
    const { below, equal, above, unordered } = truthBeside[comparison.relation];
    for (let row = 0; row < rows; row += 1) {
      const value = values[row] ?? Number.NaN;
      truth[row] = value < bound ? below : value > bound ? above : value === bound ? equal : unordered;
    }
  } else if (wanted !== undefined)
    for (let row = 0; row < rows; row += 1) truth[row] = wanted.has(values[row] ?? 0) ? yes : no;
  // Only `evaluate` knows what is meant, as by a text in quotes.
  else for (let row = 0; row < rows; row += 1) truth[row] = truthOfValue(values[row] ?? 0, comparison);
  if (missing !== null) for (let row = 0; row < rows; row += 1) if (missing[row] === 1) truth[row] = unknown;
  return truth;
}

/** By where a value lies beside the one that it is compared with; NaN is in no order. */
const truthBeside = {
  "=": { below: no, equal: yes, above: no, unordered: no },
  "!=": { below: yes, equal: no, above: yes, unordered: yes },
  "<": { below: yes, equal: no, above: no, unordered: unknown },
  "<=": { below: yes, equal: yes, above: no, unordered: unknown },
  ">": { below: no, equal: no, above: yes, unordered: unknown },
  ">=": { below: no, equal: yes, above: yes, unordered: unknown },
} as const;

function numbersIn(values: readonly ConditionValue[]): ReadonlySet<number> | undefined {
  const numbers = values.flatMap((value) => plainNumber(value) ?? []);
  return numbers.length === values.length ? new Set(numbers) : undefined;
}

function plainNumber({ text, isQuoted }: ConditionValue): number | undefined {
  const number = isQuoted || !/^[+-]?[\d.]/.test(text) ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}
