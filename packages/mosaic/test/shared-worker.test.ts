import { afterEach, expect, test } from "vitest";
import { config, data, net, netModule, openWorkspace, type Workspace } from "./workspace.ts";

let workspace: Workspace;
afterEach(() => workspace.close());

/** What a run of this width leaves behind, and in which process it ran. */
const leaving = `import { existsSync } from "node:fs";
${netModule}
export class Leaving extends Net {
  constructor({ width, input_size, output_size }: Record<string, number>) {
    super({ width, layers: 0, input_size, output_size });
    console.log("process", process.pid);
    if (width === 3) String.prototype.big = () => "";
    if (width === 5) throw new Error("fails");
    if (width === 7) setInterval(() => { if (existsSync(".runs/or/output_7.log")) throw new Error("late"); }, 20).unref();
  }
}`;

test("a run gets a worker of its own after one that failed, changed what they share or left an error behind", async () => {
  workspace = await openWorkspace({ "net.ts": leaving });
  await workspace.write(
    "config.ini",
    config({
      monitor: { nb_processus: 1 },
      sections: {
        DATA: { ...data, delay: 600 },
        NET: { ...net, class: "Leaving", width: "{2-8}" },
      },
    }),
  );
  const { code, stderr } = await workspace.run("run", "config.ini", "or.db");
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("run 6 left an error behind") });
  expect(workspace.statuses("or.db")).toEqual(["done", "done", "done", "error", "done", "done", "done"]);
  const logs = await Promise.all(
    Array.from({ length: 7 }, (_, index) => workspace.read(`.runs/or/output_${index + 1}.log`)),
  );
  const [first, second, third, fourth, fifth, sixth, seventh] = logs.map((log) => /process (\d+)/.exec(log)?.[1]);
  expect([first, third, fifth]).toEqual([second, fourth, sixth]);
  expect(new Set([first, third, fifth, seventh]).size).toBe(4);
  expect(logs[1]).toContain("This run leaves String.prototype.big changed: the next one gets a new worker.");
  expect(logs[6]).not.toContain("late");
});

test("every worker finds the environment that the command was called with, whatever modules change while they are looked at", async () => {
  const telling = `const found = process.env.FOUND ?? "nothing";
process.env.FOUND = "what a module has left";
${netModule}
export class Telling extends Net {
  constructor({ width, input_size, output_size }: Record<string, number>) {
    super({ width, layers: 0, input_size, output_size });
    console.log("found", found);
  }
}`;
  workspace = await openWorkspace({ "net.ts": telling });
  const sections = { DATA: { ...data, delay: 300 }, NET: { ...net, class: "Telling", width: "{2-3}" } };
  await workspace.write("config.ini", config({ monitor: { nb_processus: 2 }, sections }));
  const { code, stderr } = await workspace.start("run", "config.ini", "or.db").finished;
  expect(code, stderr).toBe(0);
  for (const id of [1, 2]) expect(await workspace.read(`.runs/or/output_${id}.log`)).toContain("found nothing\n");
});
