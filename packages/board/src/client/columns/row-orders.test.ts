import { expect, test } from "vitest";
import { RunTable } from "../../wire/run-table.ts";
import { RowOrders } from "./row-orders.ts";

function tableOf(losses: readonly number[]): RunTable {
  const table = new RunTable();
  const column = (name: string, values: readonly number[]) =>
    ({ name, kind: "number", values: Float64Array.from(values), missing: null }) as const;
  const ids = losses.map((_, row) => row + 1);
  table.add({ cursor: "", rows: losses.length, columns: [column("id", ids), column("loss", losses)] });
  return table;
}

test("orders are of the runs as they are now, in either direction, and of the table that is asked about", () => {
  const [orders, table] = [new RowOrders(), tableOf([2, Number.NaN, 1, 2])];
  const sorted = () => [false, true].map((isDescending) => [...(orders.sorted(table, "loss", isDescending) ?? [])]);
  expect(sorted()).toEqual([
    [2, 0, 3, 1],
    [0, 3, 2, 1],
  ]);
  table.change([2, 5], { loss: [0, 5] });
  expect(sorted()).toEqual([
    [1, 2, 0, 3, 4],
    [4, 0, 3, 2, 1],
  ]);
  expect(orders.sorted(table, "width")).toBe(undefined);
  expect(orders.sorted(tableOf([2, 1]), "loss")).toEqual(Uint32Array.of(1, 0));
});

test("an order is found once for a state of the runs", () => {
  const [orders, table] = [new RowOrders(), tableOf([2, 1])];
  const found = orders.sorted(table, "loss");
  orders.sorted(table, "id");
  expect(orders.sorted(table, "loss")).toBe(found);
});
