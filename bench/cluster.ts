/**
 * What workers elsewhere cost their supervisor: processor time of `mosaic run` for each run with its results, and while many
 * workers report their epochs. The workers are simulated in this process: they say what real ones say, and train nothing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Link, Meeting } from "../packages/mosaic/src/pilot/link.ts";
import { type FromPilot, isToPilot, type ToPilot } from "../packages/mosaic/src/pilot/messages.ts";
import { meetAtSpool } from "../packages/mosaic/src/spool/meeting.ts";
import { meetAtPort } from "../packages/mosaic/src/tcp/meeting.ts";
import { readToken } from "../packages/mosaic/src/tcp/token.ts";
import type { FromWorker } from "../packages/mosaic/src/worker/messages.ts";
import { exampleEpoch, exampleResult } from "../packages/mosaic/test/store-conformance-examples.ts";

const examples = new URL("../examples/or/", import.meta.url).pathname;
const mosaic = new URL("../packages/mosaic/bin/mosaic.ts", import.meta.url).pathname;
const ticksPerSecond = 100;
const epochsOfARun = 10;

type Transport = "tcp" | "spool";
type Tell = (message: FromWorker) => void;
/** What a simulated worker says of a run. */
type Carry = (token: number, tell: Tell) => void;

const records = Array.from({ length: epochsOfARun }, (_, index) => exampleEpoch(index + 1));
const artifacts = ["log", "info", "snapshot", "onnx"].map((kind) => ({
  kind,
  path: `${kind}_of_a_run`,
  sizeBytes: 1000,
  sha256: "0".repeat(64),
}));
const done = (token: number): FromWorker => ({
  kind: "done",
  token,
  result: exampleResult,
  directions: {},
  executor: "wasm",
  dataDigest: "0".repeat(64),
  records,
  artifacts,
  last: false,
});

/** A supervisor of many runs, and so many workers that have come to it. */
async function simulate(transport: Transport, workers: number, runs: number, carry: Carry) {
  const folder = mkdtempSync(join(examples, ".bench-"));
  const cleanUp = () => rmSync(folder, { recursive: true, force: true });
  // For each of two models.
  const rates = Array.from({ length: runs / 2 }, (_, index) => `${index + 1}e-6`);
  const text = readFileSync(join(examples, "config.ini"), "utf8")
    .replace(/lr = .*/, `lr = ${rates.join(", ")}`)
    .replace(/multiplicity = .*/, "multiplicity = 1")
    .replaceAll(/width = .*/g, "width = 2")
    .replaceAll("path_to_class = ./", "path_to_class = ../");
  writeFileSync(join(folder, "config.ini"), text);
  process.env.MOSAIC_TOKEN_FILE = join(folder, "token");
  const token = await readToken(join(folder, "token"), true);
  const port = await freePort();
  const where = transport === "tcp" ? ["--listen", `127.0.0.1:${port}`] : ["--spool", join(folder, "spool")];
  const args = ["run", join(folder, "config.ini"), join(folder, "or.db"), "--only-workers", ...where];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", mosaic, ...args], {
    stdio: "ignore",
  });
  const over = new Promise<number | null>((resolve) => child.on("exit", resolve));
  const leave = new AbortController();
  const meetings = Array.from({ length: workers }, async (_, index) => {
    const name = `simulated-${index}`;
    const meeting =
      transport === "tcp"
        ? meetAtPort({ host: "127.0.0.1", port }, token, name)
        : await meetAtSpool(join(folder, "spool"), name, () => undefined);
    await work(meeting, index, carry, leave.signal);
  });
  return { child, over, leave, meetings, cleanUp };
}

async function work(meeting: Meeting, index: number, carry: Carry, signal: AbortSignal): Promise<void> {
  const connect = await meeting.next(60_000, signal);
  if (typeof connect === "string") return;
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const say = (message: FromPilot) => link.send(message);
  const link: Link = connect({
    message: (value) => (isToPilot(value) ? take(value) : end()),
    broken: () => end(),
    closed: () => end(),
  });
  function take(message: ToPilot): void {
    if (message.kind === "leave") end();
    else if (message.kind === "welcome")
      say({
        kind: "hello",
        host: "here",
        process: { pid: index, started: "0", scope: `simulated ${index}` },
        runs: 1,
        device: "cpu",
        processor: "simulated",
        left: [],
      });
    else if (message.kind === "tell" && message.message.kind === "run") {
      const { worker } = message;
      carry(message.message.token, (said) => say({ kind: "said", worker, message: said }));
    }
  }
  const beating = setInterval(() => say({ kind: "beat" }), 10_000);
  await over;
  clearInterval(beating);
  await link.close(1000);
}

function processorSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function mostMegabytes({ pid }: ChildProcess): number {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function judge(what: string, value: number, most: number, unit: string): void {
  console.log(`${what}: ${value.toFixed(2)} ${unit} (at most ${most})`);
  if (!(value <= most)) process.exitCode = 1;
}

/** Runs that end at once, from the first one that has ended to the last. */
async function overhead(transport: Transport, most: number): Promise<void> {
  const [workers, runs] = [50, 2000];
  let ended = 0;
  let [from, until] = [0, 0];
  let megabytes = 0;
  const { child, over, leave, meetings, cleanUp } = await simulate(transport, workers, runs, (token, tell) => {
    tell(done(token));
    ended++;
    if (ended === workers) from = processorSeconds(child);
    if (ended === runs) [until, megabytes] = [processorSeconds(child), mostMegabytes(child)];
  });
  try {
    const code = await over;
    if (code !== 0 || ended !== runs) throw new Error(`exit code ${code} after ${ended} of ${runs} runs`);
    const milliseconds = (1000 * (until - from)) / (runs - workers);
    judge(`a run with its results over ${transport}, ${workers} workers`, milliseconds, most, "ms of the supervisor");
    console.log(`the supervisor had ${megabytes.toFixed(0)} MB`);
  } finally {
    leave.abort();
    child.kill("SIGKILL");
    await Promise.all(meetings);
    cleanUp();
  }
}

/** Runs that go on and on, and say so. */
async function reports(transport: Transport): Promise<void> {
  const [workers, seconds, perSecond] = [200, 15, 10];
  const timers: NodeJS.Timeout[] = [];
  const { child, over, leave, meetings, cleanUp } = await simulate(transport, workers, workers, (token, tell) => {
    let epoch = 0;
    // As pilots do: what comes within half a second is said together.
    const report = () => {
      const records = Array.from({ length: perSecond / 2 }, () => exampleEpoch(++epoch));
      tell({ kind: "epochs", token, records, epochs: 100_000 });
    };
    timers.push(setInterval(report, 500));
  });
  try {
    while (timers.length < workers) await delay(100);
    await delay(2000);
    const [before, start] = [processorSeconds(child), performance.now()];
    await delay(1000 * seconds);
    const share = (processorSeconds(child) - before) / ((performance.now() - start) / 1000);
    judge(
      `${workers} workers that report ${perSecond} epochs a second over ${transport}`,
      100 * share,
      10,
      "% of a core",
    );
    judge("the supervisor's memory", mostMegabytes(child), 200, "MB");
  } finally {
    for (const timer of timers) clearInterval(timer);
    leave.abort();
    child.kill("SIGKILL");
    await over;
    await Promise.all(meetings);
    cleanUp();
  }
}

const [wanted = ""] = process.argv.slice(2);
console.log(`${cpus()[0]?.model}, ${cpus().length} cores, node ${process.versions.node}`);
if (wanted !== "spool") {
  await overhead("tcp", 10);
  await reports("tcp");
}
if (wanted !== "tcp") {
  await overhead("spool", 20);
  await reports("spool");
}
