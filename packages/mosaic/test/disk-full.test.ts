/** The system's limit on the size of files stands for a full disk: what is beyond it cannot be written. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { filesWith, harmed, type TestProject } from "./projects.ts";
import { config, type Options, openWorkspace, processesGone, type Workspace } from "./workspace.ts";

const bin = join(import.meta.dirname, "../bin/mosaic.ts");
let workspace: Workspace;

/** Prints a lot, once. */
const talkative = {
  TypeScript: `
export class Talkative extends Net {
  override forward(data: Tensor): Tensor {
    if (this.training) for (let line = 0; line < 20_000; line++) console.log("line " + line + " of very many words");
    return super.forward(data);
  }
}`,
  Python: `
class Talkative(Net):
    def forward(self, data, run_info, module_info):
        if self.training:
            for line in range(20_000):
                print("line", line, "of very many words")
        return super().forward(data, run_info, module_info)
`,
};

beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

const limited = (kilobytes: number, ...args: readonly string[]) =>
  workspace.startProgram("bash", ["-c", `ulimit -f ${kilobytes}; exec "$0" "$@"`, process.execPath, bin, ...args])
    .finished;

async function write(project: TestProject, netOptions: Options): Promise<void> {
  const { data, net, monitor } = project;
  for (const [name, text] of Object.entries(filesWith(project, talkative))) await workspace.write(name, text);
  const sections = { DATA: { ...data, size: 4 }, NET: { ...net, ...netOptions } };
  await workspace.write("config.ini", config({ process: { epochs: 1 }, monitor, sections }));
}

async function expectGoesOn(full: Awaited<ReturnType<typeof limited>>, runs: number): Promise<void> {
  expect(full.code, full.stderr).toBe(3);
  expect(full.stderr).toMatch(
    /run \d cannot go on: the run files in .* cannot be written: a file has reached the size that is allowed; raise the limit \(ulimit -f\)\n/,
  );
  expect(full.stderr).toContain(
    "Stopped. All results so far are stored. When the cause is gone, go on with:\n  mosaic run config.ini or.db --continue\n",
  );
  expect(await processesGone(workspace.folder)).toEqual([]);
  expect(workspace.statuses("or.db")).not.toContain("error");
  expect(workspace.statuses("or.db")).toContain("pending");
  const finished = await workspace.run("run", "config.ini", "or.db", "--continue");
  expect(finished.code, finished.stderr).toBe(0);
  expect(workspace.statuses("or.db")).toEqual(new Array(runs).fill("done"));
  expect(workspace.query("or.db", "SELECT max(attempts) AS most FROM run_details")).toEqual([{ most: 0 }]);
  expect((await workspace.list(".runs/or")).filter((name) => /^\.writing-|\.tmp$/.test(name))).toEqual([]);
}

const named = "modules in $language: ";

test.each(harmed)(
  `${named}while writing weights and snapshots the experiment stops, no run fails, --continue completes`,
  async (project) => {
    // 600 x 300 weights are 720 kB, three times as much with the optimizer's; the database is smaller.
    await write(project, { width: "2, 600", layers: 1 });
    await expectGoesOn(await limited(500, "run", "config.ini", "or.db"), 2);
  },
);

test.each(harmed)(`${named}while writing a log likewise`, async (project) => {
  await write(project, { class: "Talkative", width: 2, layers: 0 });
  await expectGoesOn(await limited(400, "run", "config.ini", "or.db"), 1);
});

test.each(harmed)(`${named}while a rerun writes its snapshot the earlier one stays good`, async (project) => {
  await write(project, { width: 600, layers: 1 });
  expect((await workspace.run("run", "config.ini", "or.db")).code).toBe(0);
  const full = await limited(500, "rerun", "config.ini", "or.db", "-id", "1");
  expect(full.code, full.stderr).toBe(3);
  expect(full.stderr).toMatch(/run 1 cannot go on: .* cannot be written: a file has reached the size that is allowed/);
  expect(full.stderr).toContain("When the cause is gone, go on with:\n  mosaic rerun config.ini or.db --id 1\n");
  const finished = await workspace.run("rerun", "config.ini", "or.db", "-id", "1");
  expect(finished.code, finished.stderr).toBe(0);
  // It went on, instead of starting anew.
  expect((await workspace.read(".runs/or/output_1.log")).match(/^epoch \d/gm)?.slice(0, 1)).toEqual(["epoch 1"]);
  expect(workspace.history("or.db").map(({ epoch }) => epoch)).toEqual([1, 2]);
});
