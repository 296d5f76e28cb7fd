import { expect, test } from "vitest";
import { overdue } from "./worker-faults.ts";

const limits = { runSeconds: 100, epochSeconds: 10 };
const times = { begun: 0, progress: 5000, callSeconds: 0 };

test.each([0, 60])("a run is overdue when it has taken too long, though what it said is heard %s s late", (late) => {
  const at = (seconds: number, epochBegun?: number) =>
    overdue({ ...times, ...(epochBegun === undefined ? {} : { epochBegun }) }, limits, 1000 * (seconds + late), late);
  expect(at(100)).toBeUndefined();
  expect(at(101)).toBe(
    `the run took longer than 100 s, the timeout of [MONITOR]; the last sign of progress was ${96 + late} s ago`,
  );
  expect(at(30, 20_000)).toBeUndefined();
  expect(at(31, 20_000)).toContain("an epoch took longer than 10 s, the epoch_timeout of [MONITOR]");
  expect(at(31)).toBeUndefined();
});
