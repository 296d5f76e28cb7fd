/** A board and its page in headless Chromium, both measured: time as one sees it, and time of the processors. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { type CDPSession, chromium, type Page } from "playwright-core";

const program = join(import.meta.dirname, "..", "packages", "mosaic", "bin", "mosaic.ts");

/** Where profiles of the processor go, which DevTools opens: of the page and of the server, for each that is measured. */
const profileFolder = process.env.BENCH_PROFILES;

export interface Served {
  /** Of the database. */
  readonly name: string;
  readonly address: string;
  /** Seconds of the processor so far, which other work on the machine hardly changes. */
  readonly used: () => number;
  readonly end: () => Promise<void>;
  /** A profile from now on, until the function is called that it gives back. */
  readonly profiled: () => Promise<() => Promise<unknown>>;
}

/** The server is a process of its own, as `mosaic board` starts it. */
export async function serve(database: string, runtimeFolder: string): Promise<Served> {
  const child = spawn(
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
      ...(profileFolder === undefined ? [] : ["--inspect=0"]),
      ...[program, "board", database, "--no-token"],
    ],
    { env: { ...process.env, XDG_RUNTIME_DIR: runtimeFolder }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (piece) => {
    said += piece;
  });
  const [address] = await once(createInterface({ input: child.stdout }), "line");
  return {
    name: basename(database, ".db"),
    address,
    used() {
      const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      // Clock ticks of 10 ms, in user and in system mode.
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async profiled() {
      const socket = new WebSocket(/ws:\S+/.exec(said)?.[0] ?? "");
      await once(socket, "open");
      const answers = new Map<number, (result: unknown) => void>();
      socket.addEventListener("message", ({ data }) => {
        const { id, result } = JSON.parse(String(data));
        answers.get(id)?.(result);
      });
      const ask = (method: string) =>
        new Promise<{ profile?: unknown }>((resolve) => {
          const id = answers.size + 1;
          answers.set(id, (result) => resolve(Object(result)));
          socket.send(JSON.stringify({ id, method }));
        });
      await ask("Profiler.enable");
      await ask("Profiler.start");
      return async () => {
        const { profile } = await ask("Profiler.stop");
        socket.close();
        return profile;
      };
    },
    async end() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** In milliseconds. */
export interface Times {
  readonly wall: number;
  /** Of the page's main thread. */
  readonly page: number;
  readonly server: number;
}

export interface OpenPage {
  readonly page: Page;
  /** How long it takes until a picture whose label has this has been drawn after the expression, which is evaluated in the page. */
  readonly untilDrawn: (expression: string, label: RegExp) => Promise<Times>;
  /** The same after a page is opened there. */
  readonly untilOpened: (address: string, label: RegExp) => Promise<Times>;
  readonly measured: (work: () => Promise<unknown>) => Promise<Times>;
  /** Bytes of the JavaScript heap, after the garbage is gone. */
  readonly heap: () => Promise<number>;
}

/** Drawing begins with clearing, and ends in the same task. */
const watchPictures = `
  window.drawn = new Map();
  const { clearRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.clearRect = function (...area) {
    clearRect.apply(this, area);
    setTimeout(() => window.drawn.set(this.canvas.getAttribute("aria-label"), performance.now()), 0);
  };
`;

export async function withPage(served: Served, work: (open: OpenPage) => Promise<void>): Promise<void> {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium-headless-shell",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(120_000);
    await page.addInitScript(watchPictures);
    const session = await page.context().newCDPSession(page);
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    let number = 0;
    const measured = async (what: () => Promise<unknown>): Promise<Times> => {
      if (profileFolder === undefined) return timed(what);
      const stop = await served.profiled();
      await session.send("Profiler.enable");
      await session.send("Profiler.start");
      const times = await timed(what);
      const { profile } = await session.send("Profiler.stop");
      mkdirSync(profileFolder, { recursive: true });
      const file = `${profileFolder}/${served.name}-${Date.now()}-${++number}`;
      writeFileSync(`${file}-page.cpuprofile`, JSON.stringify(profile));
      writeFileSync(`${file}-server.cpuprofile`, JSON.stringify(await stop()));
      return times;
    };
    const timed = async (what: () => Promise<unknown>): Promise<Times> => {
      const [begun, thread, server] = [performance.now(), await threadTime(session), served.used()];
      const given = await what();
      const wall = typeof given === "number" ? given : performance.now() - begun;
      return { wall, page: (await threadTime(session)) - thread, server: (served.used() - server) * 1000 };
    };
    await work({
      page,
      measured,
      untilDrawn: (expression, label) =>
        measured(() =>
          page.evaluate(`new Promise((resolve) => {
            const begun = performance.now();
            window.drawn.clear();
            ${expression};
            const look = setInterval(() => {
              for (const [label, at] of window.drawn) if (${label}.test(label)) { clearInterval(look); resolve(at - begun); }
            }, 5);
          })`),
        ),
      untilOpened: (address, label) =>
        measured(async () => {
          await page.goto(address);
          return page.evaluate(`new Promise((resolve) => {
            const look = setInterval(() => {
              for (const [label, at] of window.drawn) if (${label}.test(label)) { clearInterval(look); resolve(at); }
            }, 5);
          })`);
        }),
      async heap() {
        await session.send("HeapProfiler.collectGarbage");
        const { usedSize, backingStorageSize = 0 } = await session.send("Runtime.getHeapUsage");
        return usedSize + backingStorageSize;
      },
    });
  } finally {
    await browser.close();
  }
}

async function threadTime(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1000;
}
