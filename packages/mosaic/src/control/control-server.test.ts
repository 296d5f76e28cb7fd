import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, readdir, stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "@ml-mosaic/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askExperiment } from "./control-client.ts";
import { type ControlServer, openControlServer, socketPath } from "./control-server.ts";
import type { ControlAnswer, ControlRequest } from "./protocol.ts";
import { listExperiments, type Registration, register } from "./registry.ts";

let root: string;
let registration: Registration;
const origin = { experimentId: 1, folder: "/", monitor: {} };

let server: ControlServer;
let asked: ControlRequest[];

beforeEach(async () => {
  root = temporaryFolder();
  registration = await register({ database: join(root, "or.db"), configuration: "c.ini" }, [join(root, "mosaic")]);
  asked = [];
  server = await openControlServer(registration.folder, registration.name, async (request, answer) => {
    asked.push(request);
    answer({ kind: "waiting", runs: [] });
    answer({ kind: "paused", left: 0, ...origin });
  });
});
afterEach(async () => {
  await server.close();
  await registration.remove();
});

async function ask(stop = new AbortController().signal): Promise<readonly ControlAnswer[]> {
  const [experiment] = await listExperiments([join(root, "mosaic")]);
  if (experiment === undefined) throw new Error("no experiment");
  return Array.fromAsync(askExperiment(experiment, { kind: "pause", mode: "now" }, stop));
}

/** Sends bytes and returns all that comes back. */
function send(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(registration.folder, registration.name));
    let received = "";
    socket.setEncoding("utf8").on("data", (text) => {
      received += text;
    });
    // The other side hangs up on what is too long.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(received));
    socket.end(bytes);
  });
}

test("answers its user", async () => {
  expect(await ask()).toEqual([
    { kind: "waiting", runs: [] },
    { kind: "paused", left: 0, ...origin },
  ]);
  expect(asked).toEqual([{ kind: "pause", mode: "now" }]);
});

test("is for its user alone", async () => {
  const path = socketPath(registration.folder, registration.name);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(registration.folder)).mode & 0o777).toBe(0o700);
});

/** Only root can try it as somebody else. */
test.skipIf(process.getuid?.() !== 0 && process.env.REQUIRE_ALL !== "1")(
  "lets another user neither pause nor read",
  async () => {
    const nobody = 65_534;
    // As open as can be around the private folder, so that nothing else keeps them out.
    await chmod(root, 0o755);
    const path = socketPath(registration.folder, registration.name);
    const as = (program: string): SpawnSyncReturns<string> =>
      spawnSync("/bin/sh", ["-c", program], { uid: nobody, gid: nobody, encoding: "utf8", cwd: "/" });
    expect(as(`ls '${root}'`)).toMatchObject({ status: 0 });
    expect(as(`ls '${registration.folder}'`).stderr).toContain("Permission denied");
    expect(as(`cat '${registration.folder}/${registration.name}.json'`).stderr).toContain("Permission denied");
    // The socket by itself keeps them out too.
    const talk = `require("net").connect(${JSON.stringify(path)}).on("connect", function () { this.end('{"kind":"pause","mode":"now"}\\n'); }).on("error", (error) => { console.log(error.code); process.exit(1); })`;
    const connectAs = () =>
      spawnSync(process.execPath, ["-e", talk], { uid: nobody, gid: nobody, encoding: "utf8", cwd: "/" });
    const readable = as(`test -x '${process.execPath}'`).status === 0;
    if (readable) expect(connectAs()).toMatchObject({ status: 1, stdout: "EACCES\n" });
    await chmod(registration.folder, 0o755);
    if (readable) expect(connectAs()).toMatchObject({ status: 1, stdout: "EACCES\n" });
    await chmod(registration.folder, 0o700);
    expect(asked).toEqual([]);
  },
);

test("is harmed by no garbage", async () => {
  expect(await send("hello\n")).toContain('{"kind":"refused","message":"this experiment does not understand');
  expect(await send('{"kind":"pause","mode":"never"}\n')).toContain('"kind":"refused"');
  expect(await send("null\n")).toContain('"kind":"refused"');
  expect(await send(Buffer.from([0, 255, 10]))).toContain('"kind":"refused"');
  expect(await send("")).toBe("");
  // Without an end of line nothing is taken as a request until it is too long.
  expect(await send("x".repeat(5_000_000))).toBe("");
  expect(await send(`{"kind":"pause","mode":"now","more":"${"x".repeat(50_000)}"}\n`)).toBe("");
  expect(asked).toHaveLength(0);
  expect(await ask()).toHaveLength(2);
});

test("serves many at once, also those that go away", async () => {
  const hanging = Array.from({ length: 20 }, () => connect(socketPath(registration.folder, registration.name)));
  expect(await Promise.all(Array.from({ length: 20 }, () => ask()))).toHaveLength(20);
  for (const socket of hanging) socket.destroy();
  const stop = AbortSignal.abort(new Error("stopped"));
  await expect(ask(stop)).rejects.toThrow("stopped");
  expect(await ask()).toHaveLength(2);
});

test("sends a long answer to its end before it closes", async () => {
  await server.close();
  const monitor = { python: "x".repeat(30_000_000) };
  const answered = Promise.withResolvers<void>();
  server = await openControlServer(registration.folder, registration.name, async (_, answer) => {
    answer({ kind: "paused", left: 1, ...origin, monitor });
    answered.resolve();
  });
  const asking = ask();
  await answered.promise;
  await server.close();
  expect(await asking).toEqual([{ kind: "paused", left: 1, ...origin, monitor }]);
});

test("that nobody serves any more does not answer, and what the dead have left is removed", async () => {
  await server.close();
  const program = `import { register } from ${JSON.stringify(join(import.meta.dirname, "registry.ts"))};
    import { openControlServer } from ${JSON.stringify(join(import.meta.dirname, "control-server.ts"))};
    import { writeFileSync } from "node:fs";
    import { hostname } from "node:os";
    const folder = process.argv[1];
    const { name } = await register({ database: "gone.db", configuration: "c.ini" }, [folder]);
    await openControlServer(folder, name, async () => undefined);
    writeFileSync(folder + "/." + name + ".json." + hostname() + "-" + process.pid + "-00000000.tmp", "");
    await openControlServer(folder, process.pid + "-00000001", async () => undefined);
    process.kill(process.pid, "SIGKILL");`;
  const folder = join(root, "mosaic");
  const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program, folder];
  expect(spawnSync(process.execPath, args, { cwd: root }).signal).toBe("SIGKILL");
  const dead = (await readdir(folder)).filter((name) => !name.includes(registration.name));
  expect(dead).toHaveLength(4);
  await expect(ask()).rejects.toThrow("does not answer; is it still starting, or has it just ended?");
  // The next experiment clears up: the dead one's database is gone.
  const next = await register({ database: join(root, "next.db"), configuration: "c.ini" }, [folder]);
  expect((await readdir(folder)).filter((name) => dead.includes(name))).toEqual([]);
  await next.remove();
});

test("says so where its path is too long", async () => {
  const long = join(root, "x".repeat(100));
  await expect(openControlServer(long, "1", async () => undefined)).rejects.toThrow(
    "is too long for a socket; set XDG_RUNTIME_DIR to a shorter path",
  );
  expect(existsSync(long)).toBe(false);
});
