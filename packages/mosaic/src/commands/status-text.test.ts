import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import type { Job } from "../slurm/jobs.ts";
import { statusText } from "./status-text.ts";

const job = (id: string, state: string, reason: string): Job => ({ id, name: "n", state, reason, node: "", start: "" });

test("jobs that wait are told by the ids of their arrays, and runs that wait for a processor by its model", () => {
  const jobs = [
    job("7", "PENDING", "Priority"),
    job("7", "PENDING", "Priority"),
    ...[8, 9, 10, 11].map((id) => job(`${id}_3`, "PENDING", "Priority")),
    job("12", "PENDING", "Resources"),
    { ...job("13", "RUNNING", "None"), node: "n1", start: "now" },
  ];
  const text = statusText(
    {
      database: "results.db",
      state: "running",
      writer: undefined,
      origin: undefined,
      counts: new Map([["pending", 3]]),
      removed: 0,
      done: [],
      failed: [],
      running: [],
      others: [],
      returned: [],
      jobs,
      missing: [
        { processor: "Old 1", runs: 2 },
        { processor: "Old 2", runs: 1 },
      ],
    },
    { verbose: false, columns: undefined },
  );
  const lines = stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.trim().replace(/ {2,}/g, "  "));
  expect(lines).toContain("7,8,9,10,…  6 waiting  for Priority");
  expect(lines).toContain("12  1 waiting  for Resources");
  expect(lines).toContain("13  running  n1  now");
  expect(lines).toContain("2 runs wait for a worker on Old 1, as processor = same says");
  expect(lines).toContain("1 run waits for a worker on Old 2, as processor = same says");
});
