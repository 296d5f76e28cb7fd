import { expect, test } from "vitest";
import { Gathered } from "./problem.ts";
import { readSlurmSection } from "./slurm-section.ts";

function read(options: Readonly<Record<string, string>>) {
  const findings = new Gathered("config.ini");
  const entries = Object.entries(options).map(([name, value]) => ({ name, value, line: 1 }));
  const section = readSlurmSection({ name: "SLURM", line: 1, options: entries }, "/project", findings);
  return { section, problems: findings.problems };
}

test("a section has its options typed, and lines with commas in quotes", () => {
  const { section, problems } = read({ workers: "50", setup: 'module load nodejs, "echo a, b"', spool: "shared" });
  expect(problems).toEqual([]);
  expect(section).toMatchObject({
    workers: 50,
    runs_per_worker: 1,
    setup: ["module load nodejs", "echo a, b"],
    spool: "/project/shared",
  });
});

test.each(["5", "5:00", "0:05:00", "1-0", "0-0:5", "2:30:00", "UNLIMITED", "infinite"])(
  "a time of %s is long enough",
  (time) => expect(read({ workers: "1", time }).problems).toEqual([]),
);
test.each(["4", "4:59", "0:04:59", "0-0:4", "x", "1h", "-5", "1-", "1:2:3:4"])(
  "a time of %s is too short, or none",
  (time) => expect(read({ workers: "1", time }).problems).toHaveLength(1),
);

test("what is missing, unknown or no number is said", () => {
  expect(read({ worker: "3", cpus: "many" }).problems).toHaveLength(3);
  expect(read({ workers: "0", time: "x", foo: "1", linger: "-1", setup: "a,,b" }).problems).toHaveLength(5);
});
