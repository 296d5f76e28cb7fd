/**
 * The board's speed: a server and its page in headless Chromium, against the limits of each.
 *
 * `node bench/board.ts [CASE…]`, of `table`, `space`, `curves`, `scatter` and `live`; by default all. Times are what one sees,
 * and beside them those of the processors (the page's main thread, the server), which other work on the machine changes less.
 * With `BENCH_PROFILES=FOLDER` there are profiles of both for each that is measured; with `BENCH_DATABASES=FOLDER` the databases
 * are written there once, and kept; with `BENCH_UPLOT=FOLDER`, in which `npm install uplot` was run, uPlot draws the same curves.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { type Lease, openSqliteStore } from "../packages/mosaic/src/store/index.ts";
import {
  exampleEpoch,
  exampleExperiment,
  exampleResult,
  leaseRun,
} from "../packages/mosaic/test/store-conformance-examples.ts";
import { addRuns, perModel, writeCurves, writeManyRuns, writePoints } from "./board-databases.ts";
import { type OpenPage, type Served, serve, type Times, withPage } from "./board-page.ts";
import { uplotTimes } from "./peers/uplot-curves.ts";

const runs = 100_000;
const folder = mkdtempSync(join(tmpdir(), "board-bench-"));
const databases = process.env.BENCH_DATABASES ?? folder;
const wanted = process.argv.slice(2);
/** Folder in which `npm install uplot` was run. */
const uplot = process.env.BENCH_UPLOT;
/** Somebody looks at the first view before they ask for more: meanwhile the board reads and sorts ahead. */
const restMilliseconds = 2000;

function report(what: string, { wall, page, server }: Times, most?: number): void {
  const of = `page ${page.toFixed(0)}, server ${server.toFixed(0)} ms of the processor`;
  console.log(`${what}: ${wall.toFixed(0)} ms${most === undefined ? "" : ` (at most ${most})`}; ${of}`);
}

/** @param all what the processors did for all of them */
function reportSpread(what: string, times: readonly number[], most: number, all?: Times): void {
  const sorted = times.toSorted((one, other) => one - other);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
  const each = (milliseconds: number) => (milliseconds / Math.max(1, sorted.length)).toFixed(1);
  const used = all === undefined ? "" : `; each page ${each(all.page)}, server ${each(all.server)} ms of the processor`;
  console.log(
    `${what}: median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms of ${sorted.length} (at most ${most})${used}`,
  );
}

/** The table's columns: those that a page shows of these runs, and some more. */
const shown = [
  ...[
    "id",
    "status",
    "experiment",
    "repetition",
    "seed",
    "finished",
    "Net_width",
    "Net_depth",
    "Net_dropout",
    "net_key",
  ],
  ...[
    "lr",
    "epochs",
    "optimizer",
    "train_loss",
    "test_loss",
    "nb_params",
    "duration(s)",
    "overfit",
    "trainability",
    "slope",
  ],
];

/** When the first rows had their values. */
const watchRows = `
  const look = setInterval(() => {
    const cells = document.querySelectorAll(".grid-body .grid-row:nth-child(10) [role=gridcell][title]");
    if (cells.length === 0) return;
    clearInterval(look);
    window.rowsInView = performance.now();
  }, 5);
`;

async function benchTable(): Promise<void> {
  await inBoard(
    "many.db",
    (path) => writeManyRuns(path, runs),
    async (served, { page, measured, heap }) => {
      const scripts: Promise<number>[] = [];
      page.on("requestfinished", (request) => {
        const isScript = /\.[jt]s$/.test(new URL(request.url()).pathname);
        if (isScript)
          scripts.push(request.response().then(async (response) => gzipSync((await response?.body()) ?? "").length));
      });
      const columns = new URLSearchParams(shown.map((name): [string, string] => ["column", name]));
      const first = await measured(async () => {
        await page.addInitScript(watchRows);
        await page.goto(`${served.address}#/runs?${columns}`);
        return page.evaluate(`new Promise((resolve) => {
        const look = setInterval(() => {
          if (document.querySelectorAll(".grid-body .grid-row").length < 10 || document.querySelector(".grid .is-waiting")) return;
          clearInterval(look);
          resolve(performance.now());
        }, 5);
      })`);
      });
      const inView = await page.evaluate<number>("window.rowsInView");
      console.log(
        `${runs} runs x ${shown.length} columns from a cold server, rows in view: ${inView.toFixed(0)} ms (at most 1000)`,
      );
      report("all of them, every column sortable", first, 3000);
      await page.waitForTimeout(restMilliseconds);
      const sorting = await measuredTimes(measured, () =>
        page.evaluate<number[]>(`(async () => {
      const times = [];
      for (let round = 0; round < 2; round++)
        for (const button of document.querySelectorAll(".grid-head button")) {
          const begun = performance.now();
          button.click();
          await new Promise((resolve) => setTimeout(resolve, 0));
          document.querySelector(".grid-body").getBoundingClientRect();
          times.push(performance.now() - begun);
        }
      return times;
    })()`),
      );
      reportSpread("sort", sorting.each, 50, sorting.all);
      const filtering = await measuredTimes(measured, () =>
        page.evaluate<number[]>(`(async () => {
      const times = [];
      const input = document.querySelector("[role=combobox]");
      for (let bound = 1; bound <= 40; bound++) {
        const begun = performance.now();
        input.value = "test_loss < 0." + bound + " and optimizer = Adam";
        input.dispatchEvent(new Event("input", { bubbles: true }));
        await new Promise((resolve) => setTimeout(resolve, 0));
        document.querySelector(".grid-body").getBoundingClientRect();
        times.push(performance.now() - begun);
      }
      input.value = "";
      input.dispatchEvent(new Event("input", { bubbles: true }));
      return times;
    })()`),
      );
      reportSpread("filter", filtering.each, 50, filtering.all);
      const grouped = await measured(() =>
        page.evaluate(`new Promise((resolve) => {
        const begun = performance.now();
        location.hash = "#/runs?by=net_key";
        const look = setInterval(() => {
          const row = document.querySelectorAll(".plain tbody tr")[20];
          if (row === undefined) return;
          clearInterval(look);
          row.getBoundingClientRect();
          resolve(performance.now() - begun);
        }, 2);
      })`),
      );
      report(`${runs} runs into ${runs / perModel} groups with intervals`, grouped, 150);
      console.log(
        `heap ${((await heap()) / 2 ** 20).toFixed(0)} MiB (at most 300), scripts ${((await Promise.all(scripts)).reduce((sum, bytes) => sum + bytes, 0) / 1000).toFixed(0)} kB compressed (at most 150)`,
      );
    },
  );
}

async function benchSpace(): Promise<void> {
  await inBoard(
    "many.db",
    (path) => writeManyRuns(path, runs),
    async (served, { page, untilDrawn, measured }) => {
      await page.goto(`${served.address}#/runs`);
      await page.locator(".grid-body .grid-row").nth(5).waitFor();
      await page.waitForTimeout(restMilliseconds);
      const all = new RegExp(`^${runs} of ${runs} runs over`);
      report("parallel coordinates, first", await untilDrawn(`location.hash = "#/space"`, all), 500);
      const picture = page.getByRole("img", { name: /runs over the axes/ });
      const box = await picture.boundingBox();
      if (box === null) throw new Error("no picture");
      await watchPointer(page);
      await page.mouse.move(box.x + 52, box.y + 60);
      await page.mouse.down();
      // The first move draws what lies behind the brush, too.
      await page.mouse.move(box.x + 52, box.y + 70);
      await page.evaluate<number>("window.drawnAfterPointer()");
      const brushing = await measuredTimes(measured, async () => {
        const times: number[] = [];
        for (let step = 2; step <= 20; step++) {
          await page.mouse.move(box.x + 52, box.y + 60 + 10 * step);
          times.push(await page.evaluate<number>("window.drawnAfterPointer()"));
        }
        return times;
      });
      await page.mouse.up();
      reportSpread("brush", brushing.each, 100, brushing.all);
    },
  );
}

async function measuredTimes(
  measured: OpenPage["measured"],
  work: () => Promise<readonly number[]>,
): Promise<{ readonly each: readonly number[]; readonly all: Times }> {
  let each: readonly number[] = [];
  const all = await measured(async () => {
    each = await work();
  });
  return { each, all };
}

/** Times from a pointer's event until its effect is in the page. */
async function watchPointer(page: OpenPage["page"]): Promise<void> {
  await page.evaluate(`(() => {
    let moved = 0;
    window.reacted = [];
    addEventListener("pointermove", () => {
      const begun = performance.now();
      moved = begun;
      setTimeout(() => window.reacted.push(performance.now() - begun), 0);
    }, true);
    window.drawnAfterPointer = () => new Promise((resolve) => {
      const look = setInterval(() => {
        for (const at of window.drawn.values()) if (at > moved) { clearInterval(look); resolve(at - moved); return; }
      }, 2);
    });
  })()`);
}

async function benchScatter(): Promise<void> {
  const points = 1_000_000;
  await inBoard(
    "points.db",
    (path) => writePoints(path, points),
    async (served, { page, untilDrawn, measured, heap }) => {
      await page.goto(`${served.address}#/runs?column=id&column=test_loss&column=train_loss`);
      await page.locator(".grid-body .grid-row").nth(5).waitFor({ timeout: 120_000 });
      await page.locator(".grid .is-waiting").waitFor({ state: "detached", timeout: 120_000 });
      const all = new RegExp(`^${(1e6).toLocaleString("en")} runs by|^${points} runs by`);
      const first = await untilDrawn(`location.hash = "#/scatter?x=train_loss&y=test_loss&color=test_loss"`, all);
      report(`scatter of ${points} points, first`, first, 500);
      const box = await page.locator(".view canvas").boundingBox();
      if (box === null) throw new Error("no picture");
      await watchPointer(page);
      const hovering = await measuredTimes(measured, async () => {
        // Along the top of a logarithmic axis, where points lie densely: at its bottom there are so few that a pointer meets none.
        for (let step = 0; step < 100; step++) await page.mouse.move(box.x + 100 + 9 * step, box.y + 60 + step / 2);
        return page.evaluate<number[]>("window.reacted");
      });
      reportSpread("hover", hovering.each, 16, hovering.all);
      await page.locator(".tip").waitFor();
      console.log(`heap ${((await heap()) / 2 ** 20).toFixed(0)} MiB`);
    },
  );
}

async function benchCurves(): Promise<void> {
  const [all, size] = [/^Curves of (1,?000|1000) runs/, 1000];
  const write = (path: string) => writeCurves(path, size, size);
  // Nothing is read ahead where the page asks as soon as there is a server.
  await inBoard("curves.db", write, async (served, { untilOpened }) => {
    report(
      "1000 runs x 1000 epochs, opened at a cold server",
      await untilOpened(`${served.address}#/curves?series=test_loss`, all),
    );
  });
  await inBoard("curves.db", write, async (served, { page, untilDrawn }) => {
    await page.goto(`${served.address}#/runs`);
    await page.locator(".grid-body .grid-row").nth(5).waitFor();
    await page.waitForTimeout(restMilliseconds);
    report("1000 runs x 1000 epochs", await untilDrawn(`location.hash = "#/curves?series=test_loss"`, all), 300);
    report("train and test", await untilDrawn(`location.hash = "#/curves"`, all), 600);
    if (uplot === undefined) return;
    const [first = Number.NaN, ...others] = await uplotTimes(page, uplot, size, size);
    console.log(
      `uPlot, given these points in the page: ${first.toFixed(0)} ms, once more ${others.map((each) => each.toFixed(0)).join(" and ")} ms`,
    );
  });
}

const running = 64;
const epochsPerSecond = 10;

async function benchLive(): Promise<void> {
  const seconds = 10;
  const database = join(folder, "live.db");
  const store = await openSqliteStore(database);
  const experimentId = await store.createExperiment(exampleExperiment);
  await addRuns(store, experimentId, running * 10);
  const leases: Lease[] = [];
  for (let index = 0; index < running; index++) leases.push(await leaseRun(store, experimentId));
  const served = await serve(database, folder);
  await fetch(`${served.address}api/columns`);
  const stop = new AbortController();
  let received = 0;
  const following = fetch(`${served.address}api/changes`, { signal: stop.signal })
    .then(async ({ body }) => {
      for await (const piece of body ?? []) received += piece.length;
    })
    .catch(() => undefined);
  await delay(1000);
  const [before, begun] = [served.used(), performance.now()];
  let epoch = 0;
  while (performance.now() - begun < seconds * 1000) {
    epoch++;
    await Promise.all(leases.map((lease) => store.appendHistory(lease, [exampleEpoch(epoch)])));
    await delay(Math.max(0, begun + (epoch * 1000) / epochsPerSecond - performance.now()));
  }
  const share = (served.used() - before) / ((performance.now() - begun) / 1000);
  await delay(500);
  console.log(
    `${running} running runs, ${(epoch / seconds).toFixed(1)} epochs a second: ${(share * 100).toFixed(1)} % of a core (at most 5), ${(received / (epoch * running)).toFixed(0)} bytes an epoch`,
  );
  stop.abort();
  await following;
  await withPage(served, async ({ page }) => {
    await page.goto(served.address);
    await page.locator("[data-count=running]").waitFor();
    const times: number[] = [];
    for (const [index, lease] of leases.slice(0, 20).entries()) {
      const shown = page.evaluate<number>(`new Promise((resolve) => {
        const look = setInterval(() => {
          if (document.querySelector("[data-count=done]")?.textContent !== "${index + 1}") return;
          clearInterval(look);
          resolve(performance.timeOrigin + performance.now());
        }, 2);
      })`);
      await delay(37 * (index % 8));
      await store.completeRun(lease, { result: exampleResult });
      const stored = performance.timeOrigin + performance.now();
      times.push((await shown) - stored);
    }
    reportSpread("from a result in the store to the page", times, 500);
  });
  await served.end();
  await store.close();
}

async function inBoard(
  name: string,
  write: (path: string) => Promise<void>,
  work: (served: Served, open: OpenPage) => Promise<void>,
): Promise<void> {
  const path = join(databases, name);
  mkdirSync(databases, { recursive: true });
  if (!existsSync(path)) {
    // What was begun and not ended is none.
    await write(`${path}.part`);
    renameSync(`${path}.part`, path);
  }
  const served = await serve(path, folder);
  try {
    await withPage(served, (open) => work(served, open));
  } finally {
    await served.end();
  }
}

const cases = { table: benchTable, space: benchSpace, curves: benchCurves, scatter: benchScatter, live: benchLive };

try {
  for (const [name, bench] of Object.entries(cases)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`${name}, load ${loadavg()[0]?.toFixed(1)}`);
    await bench();
  }
} finally {
  rmSync(folder, { recursive: true });
}
