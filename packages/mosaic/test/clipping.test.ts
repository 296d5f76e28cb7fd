/** Clipped gradients, steps of several batches and averaged weights: as a Trainer has them. */
import { expect, test } from "vitest";
import { config, data, net, openWorkspace } from "./workspace.ts";

test("clipping, accumulation and averages change what is trained, and runs go on with them", async () => {
  const workspace = await openWorkspace();
  try {
    const process = { epochs: 3, clip_norm: "0.01, 100", accumulate: 2, average_decay: 0.5 };
    await workspace.write("config.ini", config({ process, sections: { data, net } }));
    for (const [database, ...changes] of [
      ["whole.db"],
      ["or.db", "PROCESS.epochs=1"],
      ["plain.db", "PROCESS.accumulate=", "PROCESS.average_decay=", "PROCESS.clip_norm="],
    ] as const) {
      const { code, stderr } = await workspace.run("run", "config.ini", database, ...changes);
      expect(code, stderr).toBe(0);
    }
    const rerun = await workspace.run("rerun", "config.ini", "or.db", "--id", "all", "--epochs", "2");
    expect(rerun.code, rerun.stderr).toBe(0);
    const whole = workspace.history("whole.db");
    expect(workspace.history("or.db")).toEqual(whole);
    const losses = (database: string) =>
      workspace.query(database, "SELECT test_loss FROM run_results").map(({ test_loss: loss }) => loss);
    expect(new Set([...losses("whole.db"), ...losses("plain.db")]).size).toBe(3);
    const wrong = await workspace.run("run", "config.ini", "no.db", "PROCESS.clip_norm=1,-1");
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("clip_norm") });
  } finally {
    await workspace.close();
  }
});
