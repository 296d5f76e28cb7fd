import { expect, test } from "vitest";
import type { ColumnInfo } from "../../wire/experiment.ts";
import type { ChangeListener, Source } from "../data/source.ts";
import { Board } from "./board.ts";

const infos = ["id", "status", "lr"].map(
  (name): ColumnInfo => ({ name, title: name, role: "run", type: "number", varies: true }),
);

/** One run; all else that a server says is not asked for here. */
function sourceOf(columns: Source["columns"], follow?: (listener: ChangeListener) => void): Source {
  const unasked = async () => {
    throw new Error("nobody asks for this");
  };
  return {
    experiment: async () => ({
      title: "or.db",
      databases: ["or.db"],
      notices: [],
      counts: {},
      runs: 1,
      standing: { state: "finished", text: "finished", goOn: null },
      columns: infos,
      series: [],
      criterion: "test_loss",
      mayControl: false,
      isLive: follow !== undefined,
      secondsLeft: null,
      exportNote: null,
      shows: ["runs"],
      cursor: "",
    }),
    columns,
    curves: unasked,
    groups: unasked,
    verdicts: unasked,
    pair: unasked,
    importance: unasked,
    pareto: unasked,
    failures: unasked,
    run: unasked,
    log: unasked,
    model: unasked,
    predict: unasked,
    maps: unasked,
    map: unasked,
    fileAddress: () => undefined,
    plan: unasked,
    control: unasked,
    follow: (_, listener) => {
      follow?.(listener);
      return () => undefined;
    },
  };
}

test("a column that is asked for while all is read again is in the table after it", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let reloads = 0;
  const board = new Board(
    sourceOf(async (names) => {
      if (names.includes("id") && ++reloads === 2) await held;
      return {
        cursor: "",
        rows: 1,
        columns: names.map((name) => ({ name, kind: "number", values: Float64Array.of(1), missing: null })),
      };
    }),
  );
  await board.reload();
  const again = board.reload();
  await expect.poll(() => reloads).toBe(2);
  board.need(["lr"]);
  await expect.poll(() => board.table.has("lr")).toBe(true);
  release();
  await again;
  await expect.poll(() => board.table.has("lr")).toBe(true);
});

test("of very many runs the first rows are there before their columns, until something changes", async () => {
  const rows = 10_000;
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const board = new Board(
    sourceOf(async (names, first) => {
      if (names.includes("lr") && first === undefined) await held;
      const values = Float64Array.from({ length: first ?? rows }, (_, row) => row + 1);
      return { cursor: "", rows, columns: names.map((name) => ({ name, kind: "number", values, missing: null })) };
    }),
  );
  await board.reload();
  expect(board.table.hasCell("lr", 0)).toBe(false);
  board.need(["lr"]);
  await expect.poll(() => board.table.cell("lr", 7)).toBe(8);
  expect([board.table.has("lr"), board.table.hasCell("lr", 99), board.table.hasCell("lr", 100)]).toEqual([
    false,
    true,
    false,
  ]);
  board.table.change([1], { lr: [5] });
  expect(board.table.hasCell("lr", 0)).toBe(false);
  release();
  await expect.poll(() => board.table.cell("lr", rows - 1)).toBe(rows);
});

test("first rows that come after a change are let go: they may be of before", async () => {
  const rows = 10_000;
  const whole = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  let listener: ChangeListener | undefined;
  let answered = 0;
  const board = new Board(
    sourceOf(
      async (names, count) => {
        if (names.includes("lr")) await (count === undefined ? whole : first).promise;
        if (count !== undefined) answered++;
        const values = Float64Array.from({ length: count ?? rows }, (_, row) => row + 1);
        return { cursor: "", rows, columns: names.map((name) => ({ name, kind: "number", values, missing: null })) };
      },
      (following) => {
        listener = following;
      },
    ),
  );
  await board.reload();
  board.need(["lr"]);
  await Promise.resolve();
  listener?.changed({ kind: "rows", ids: [8], values: { lr: [5] } }, "");
  first.resolve();
  await expect.poll(() => answered).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 0));
  expect(board.table.hasCell("lr", 7)).toBe(false);
  whole.resolve();
  await expect.poll(() => board.table.has("lr")).toBe(true);
});
