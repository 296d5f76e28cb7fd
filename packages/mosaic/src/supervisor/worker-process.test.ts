import { until } from "@ml-mosaic/testing";
import { afterEach, expect, test } from "vitest";
import type { FromWorker } from "../worker/messages.ts";
import { startWorker, type WorkerEnd, type WorkerProcess } from "./worker-process.ts";

let worker: WorkerProcess | undefined;
afterEach(() => worker?.kill());

/** What a program in JavaScript, of which `frameOf` writes messages, makes of being a worker. */
function start(script: string, command = process.execPath) {
  const seen: {
    readonly messages: FromWorker[];
    readonly nonsense: string[];
    readonly progress: number[];
    end?: WorkerEnd;
  } = { messages: [], nonsense: [], progress: [] };
  const frame = `const frameOf = (text) => {
    const { crc32 } = require("node:zlib"), head = Buffer.alloc(8);
    head.writeUInt32BE(text.length, 0);
    head.writeUInt32BE(crc32(text), 4);
    return Buffer.concat([head, Buffer.from(text)]);
  }; const { writeSync, closeSync } = require("node:fs");`;
  worker = startWorker(
    { command, args: ["-e", `${frame}\n${script}`], environment: { OF_THE_PROGRAM: "its own" } },
    {
      message: (message) => seen.messages.push(message),
      nonsense: (why) => seen.nonsense.push(why),
      progress: (callSeconds) => seen.progress.push(callSeconds),
      exit: (end) => {
        seen.end = end;
      },
    },
  );
  return seen;
}

test("what a worker has said comes before its end, with its last words and the run that it had begun", async () => {
  const seen = start(`
    writeSync(4, "7 1500\\n");
    writeSync(5, "  42", 0);
    console.error(process.env.OF_THE_PROGRAM, JSON.parse(process.env.MOSAIC_WORKER).pid);
    writeSync(3, frameOf('{"kind":"prepared","token":42}'));
    process.exit(3);`);
  await until(() => seen.end !== undefined, "its end");
  expect(seen).toEqual({
    messages: [{ kind: "prepared", token: 42 }],
    nonsense: [],
    progress: [1.5],
    end: { how: "ended with exit code 3", lastWords: `its own ${process.pid}`, begun: 42 },
  });
  expect(worker?.hasEnded).toBe(true);
  worker?.send({ kind: "pause", token: 42 });
});

test.each([
  ['"Hello, world"', /^a frame says that it has/],
  [`frameOf('{"kind":"prepared","token":-1}')`, /^prepared\.token must be a whole number, not "-1"$/],
  [`frameOf('{"kind":"finished","token":1}')`, /^no message is of the kind finished$/],
  [`frameOf('{"kind":"prepared"')`, /^it is no JSON$/],
])("what is no message is told: %s", async (bytes, why) => {
  const seen = start(`writeSync(3, ${bytes}); setTimeout(() => undefined, 1e6);`);
  await until(() => seen.nonsense.length > 0, "it to be told");
  expect(seen.nonsense).toEqual([expect.stringMatching(why)]);
  expect(seen.messages).toEqual([]);
});

test("a worker that closes its channel and goes on is ended", async () => {
  const seen = start("closeSync(3); setTimeout(() => undefined, 1e6);");
  await until(() => seen.end !== undefined, "its end");
  expect(seen.end?.how).toBe("it had closed the channel to its supervisor");
});

test("a program that is not there is an end too", async () => {
  const seen = start("", "/nowhere/python3");
  await until(() => seen.end !== undefined, "its end");
  expect(seen.end).toEqual({ how: "failed: spawn /nowhere/python3 ENOENT", lastWords: "", begun: undefined });
});
