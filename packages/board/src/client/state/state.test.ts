import { parseCondition } from "ml-mosaic/conditions";
import { expect, test } from "vitest";
import { type Brush, brushOfText, brushText, equalCondition, whereOf, withBrush } from "./brush.ts";
import { completionsAt, type KnownColumn } from "./completion.ts";
import { fragmentOf, initialState, type PageState, stateOf } from "./page-state.ts";

const full: PageState = {
  view: "run",
  run: 17,
  where: 'lr > 0.1 and model = "<img onerror=…>"',
  brushes: [
    { kind: "range", name: "MLP.depth", low: -2, high: 1e-9 },
    { kind: "values", name: "a~b!c", values: ["", "x~y", "!0"] },
  ],
  by: ["optimizer", "größe, &c"],
  columns: ["id", "test loss"],
  sort: { name: "+odd", isDescending: true },
  selection: "1-5,9",
  baseline: 3,
  result: "test_acc",
  data: "Digits(8)",
  x: "lr",
  y: "test_loss",
  color: "model",
  option: "lr",
  axes: ["lr", "test_loss"],
  series: ["train_loss"],
  axis: "seconds",
  isLogarithmic: true,
  smoothing: 0.9,
  pair: ["Mlp(4,4)", "Mlp(8)"],
  map: "folds-0",
  figure: "dice",
};

test("an address says all that a page shows", () => {
  expect(stateOf(fragmentOf(full))).toEqual(full);
  expect(fragmentOf(initialState)).toBe("#/overview");
  expect(stateOf("")).toEqual(initialState);
});

test.each(["#/nonsense", "#/run/x", "#/run", "#?sort=&smoothing=7&baseline=-1&brush=x"])(
  "%s: what cannot be read is as at the beginning",
  (fragment) => {
    expect(stateOf(fragment)).toEqual(initialState);
  },
);

test.each<Brush>(full.brushes)("a brush goes through an address, and is a condition: %j", (brush) => {
  expect(brushOfText(brushText(brush))).toEqual(brush);
  expect(parseCondition(whereOf("", [brush]))).toMatchObject({ ok: true });
});

test("brushes narrow down what is typed, whatever that is", () => {
  const brushes: readonly Brush[] = [{ kind: "range", name: "lr", low: 0.1, high: 1 }];
  expect(whereOf("a = 1 or b = 2", brushes)).toBe("(a = 1 or b = 2) and lr >= 0.1 and lr <= 1");
  expect(whereOf(" ", [])).toBe("");
  expect(withBrush(brushes, "lr", undefined)).toEqual([]);
});

test.each<[string, string | number | null, string]>([
  ["lr", 0.1, "lr = 0.1"],
  ["duration(s)", "4", '"duration(s)" = "4"'],
  ["model", 'a "b"', 'model = "a ""b"""'],
  ["note", null, "note = None"],
  ["in", 1, '"in" = 1'],
])("the condition that %s is %j", (name, value, expected) => {
  expect(equalCondition(name, value)).toBe(expected);
  expect(parseCondition(expected)).toMatchObject({ ok: true });
});

const columns: readonly KnownColumn[] = [
  { name: "lr", note: "option", values: () => ["0.1", "0.01"] },
  { name: "optimizer", note: "option", values: () => ["SGD(momentum=0.9)", "Adam"] },
  { name: "MLP.depth", note: "option", values: () => ["2", "4"] },
  { name: "test loss", note: "result", values: () => [] },
];

test.each([
  ["", ["lr", "optimizer", "MLP.depth", '"test loss"']],
  ["dep", ["MLP.depth"]],
  ["lr ", ["=", "!=", "<", ">", "in ("]],
  ["lr = ", ["0.1", "0.01"]],
  ["optimizer = ad", ["Adam"]],
  ["optimizer = s", ['"SGD(momentum=0.9)"']],
  ["lr in (0.1, ", ["0.1", "0.01"]],
  ["lr = 0.1 ", ["and", "or"]],
  ["lr = 0.1 and opt", ["optimizer"]],
  ["not (te", ['"test loss"']],
])("completes %j", (where, expected) => {
  expect(completionsAt(where, where.length, columns).map(({ text }) => text)).toEqual(expected);
});

test("a completion takes the place of the word around the caret", () => {
  expect(completionsAt("opti = 1", 2, columns)).toMatchObject([{ text: "optimizer", from: 0, to: 4 }]);
});
