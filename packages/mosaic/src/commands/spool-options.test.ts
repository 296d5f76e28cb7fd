import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { checkValues } from "@ml-mosaic/configurable";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { slurmOptions } from "../config/slurm-section.ts";
import { crewsOf } from "./spool-options.ts";

test.each([
  ["7000", `${hostname()}:7000`],
  ["0.0.0.0:7000", `${hostname()}:7000`],
  ["[::]:7000", `${hostname()}:7000`],
  ["10.0.0.1:7000", "10.0.0.1:7000"],
  ["[::1]:7000", "[::1]:7000"],
])("jobs of a mosaic run that listens at %s are told %s", async (listen, told) => {
  const folder = temporaryFolder();
  const slurm = checkValues(slurmOptions, { workers: "1" }, { text: true, folder });
  if (!slurm.ok) throw new Error("no section");
  const given = { spool: join(folder, "spool"), listen, "only-workers": false };
  const { elsewhere } = crewsOf(given, { slurm: slurm.values, folder, start: folder }, "x.db");
  const opened = await elsewhere?.({
    folders: [],
    runs: { database: "d", hasTakenOver: false, published: async () => undefined },
    say: () => undefined,
    carried: () => Promise.reject(new Error("nobody has come")),
    left: async () => 0,
    pending: async () => [],
    processors: async () => new Map(),
    record: async () => undefined,
    large: async () => [],
    recordLarge: async () => undefined,
  });
  const before = process.env.PATH;
  // A Slurm that looks at what it is asked and refuses it: nothing is sent, and nothing of it stays.
  writeFileSync(join(folder, "sbatch"), '#!/bin/sh\n/bin/cp "$2" "$0.asked"\necho no >&2\nexit 1\n', { mode: 0o700 });
  process.env.PATH = folder;
  await expect(
    opened?.open(
      () => undefined,
      () => undefined,
    ),
  ).rejects.toThrow(/^sbatch.*no/s);
  process.env.PATH = before;
  expect(readFileSync(join(folder, "sbatch.asked"), "utf8")).toContain(`tcp://${told}`);
  expect(readdirSync(join(folder, "spool"))).not.toContain("job.sh");
});
