import { expect, test } from "vitest";
import { endPrograms, startProgram } from "./start-program.ts";

test("what tests leave behind is ended with its children, also where it is stopped", async () => {
  const program = startProgram("/bin/sh", ["-c", "sleep 1000 & echo started >&2; wait"], { folder: "/" });
  await program.said("started");
  program.signalGroup("SIGSTOP");
  endPrograms();
  expect((await program.finished).signal).toBe("SIGKILL");
});
