import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { runColumnsIn } from "./run-columns.ts";

test("ids that are texts and out of order, bytes among the values, and several rows of one run, as in databases of the original", () => {
  using database = new DatabaseSync(":memory:");
  database.exec(`
    CREATE TABLE runs (run_id, status); CREATE TABLE params (run_id, param_name, param_value); CREATE TABLE run_results (run_id, test_loss);
    INSERT INTO runs VALUES ('10', 'done'), ('2', 'error'), ('1', 'done'), ('2', 'error');
    INSERT INTO run_results VALUES ('2', x'0400'), ('1', '0.5'), ('10', 'nan'), ('10', 3);
    INSERT INTO params VALUES ('10', 'width', '4'), ('2', 'lr', 0.5), ('10', 'pipeline', '[]'), ('10', 'width', '5'),
      ('1', 'width', x'00'), ('1', 'lr', '0.5'), ('7', 'width', '9');
  `);
  const { runIds, columns } = runColumnsIn(database, [
    { of: "run", name: "status" },
    { of: "figure", name: "test_loss" },
    { of: "option", name: "width" },
    { of: "option", name: "lr" },
    { of: "option", name: "none has it" },
  ]);
  expect(Array.from(runIds)).toEqual([1, 2, 10]);
  expect(columns).toEqual([
    { kind: "text", texts: ["done", "error"], codes: Uint32Array.of(0, 1, 0) },
    { kind: "number", values: Float64Array.of(0.5, Number.NaN, Number.NaN), missing: Uint8Array.of(0, 1, 0) },
    { kind: "text", texts: ["4"], codes: Uint32Array.of(0xffffffff, 0xffffffff, 0) },
    { kind: "text", texts: ["0.5"], codes: Uint32Array.of(0, 0, 0xffffffff) },
    { kind: "text", texts: [], codes: Uint32Array.of(0xffffffff, 0xffffffff, 0xffffffff) },
  ]);
});

test("options of more runs than are read at once, with gaps between their ids", () => {
  using database = new DatabaseSync(":memory:");
  const runs = 60_000;
  database.exec(`
    CREATE TABLE runs (run_id INTEGER PRIMARY KEY, status); CREATE TABLE params (run_id, param_name, param_value);
    CREATE INDEX params_run ON params (run_id);
    WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ${runs})
    INSERT INTO runs SELECT 3 * number, 'done' FROM numbers;
    INSERT INTO params SELECT run_id, 'place', run_id % 7 FROM runs;
  `);
  const { runIds, columns } = runColumnsIn(database, [{ of: "option", name: "place" }]);
  const [places] = columns;
  if (places?.kind !== "text") throw new Error("options are texts");
  expect(Array.from(places.codes, (code) => places.texts[code])).toEqual(Array.from(runIds, (id) => String(id % 7)));
});
