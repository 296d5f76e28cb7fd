/** The whole page in Chromium: a real experiment from its first run to its end, every view opened and used. */
import { existsSync, statSync, utimesSync } from "node:fs";
import { copyFile, readFile, rename, symlink, unlink } from "node:fs/promises";
import { availableParallelism, hostname, loadavg } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startProgram, temporaryFolder, until } from "@ml-mosaic/testing";
import axe from "axe-core";
import { type BoardServer, compareRuns, defaultRope, openSqliteReader, readRunReport } from "ml-mosaic/reading";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boardOrders } from "../../mosaic/src/board/board-orders.ts";
import { openSqliteStore } from "../../mosaic/src/store/index.ts";
import { exportBoard, type MapPlane, type MapSource, startBoardServer } from "../src/index.ts";
import { readModelFile } from "../src/server/model-file.ts";
import type { RunDetail } from "../src/wire/answers.ts";

const executablePath = "/usr/bin/chromium-headless-shell";
const browserArguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const repository = join(import.meta.dirname, "../../..");
const folder = temporaryFolder();
const database = join(folder, "or.db");
/** Six pipelines, three times. */
const runs = 18;
/** Of machines that do much else. */
/** Only what hangs takes as long, however busy the machine is. */
const patience = { timeout: 240_000 };

let browser: Browser;
let page: Page;
let server: BoardServer;
/** Programs that want a processor, for each that there is. */
let crowding: number;
/** What the browser has to complain about. */
const troubles: string[] = [];

/** When each run's result was first in the page, in milliseconds since 1970; 0 for those that are there at the beginning. */
const watchResults = `(() => {
  window.shown = {};
  const look = (now) => {
    for (const row of document.querySelectorAll(".grid-body .grid-row"))
      if (row.querySelector("[role=gridcell][title]") !== null) window.shown[row.querySelector(".is-id").textContent.trim()] ??= now;
  };
  look(0);
  new MutationObserver(() => look(Date.now())).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
})()`;

async function countOf(status: string): Promise<number> {
  const reader = await openSqliteReader(database);
  const found = await reader.runIds({ status });
  await reader.close();
  return found.length;
}

beforeAll(async () => {
  const options = ["PROCESS.epochs=40", "MONITOR.multiplicity=3"];
  const killed = trainingOf(database, ...options);
  await until(() => existsSync(database), "the database", 200);
  server = await started({});
  // What is to be killed in the middle waits for the page.
  killed.kill("SIGSTOP");
  browser = await chromium.launch({ executablePath, args: browserArguments });
  page = await newPage();
  await page.goto(server.address);
  await page.locator(".view .panel, .view .is-empty").first().waitFor(patience);
  killed.kill("SIGCONT");
  while ((await countOf("done")) === 0) await page.waitForTimeout(50);
  killed.kill("SIGKILL");
  await killed.finished;
  // It has written nothing at its end: that it is dead is seen all the same.
  await page.locator("[data-standing=crashed]").waitFor(patience);
  if ((await countOf("running")) > 0) await page.locator(".numbers .is-left").waitFor(patience);
  await open("#/runs?column=id&column=test_loss");
  await page.getByRole("row").nth(runs).waitFor(patience);
  await page.evaluate(watchResults);
  const training = trainingOf(database, ...options, "--continue");
  // The page follows by itself, past the supervisor that was killed, to the end of the one that goes on.
  const shown = () => page.evaluate<number>("Object.keys(window.shown).length");
  while ((await shown()) < runs) await page.waitForTimeout(200);
  // With more programs than processors each has its share of the time.
  crowding = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
  await open("#/overview");
  await page.locator(`[data-count="done"]`).filter({ hasText: /^18$/ }).waitFor(patience);
  const { code, stderr } = await training.finished;
  if (code !== 0) throw new Error(stderr);
}, 500_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** What it has to complain about is told. */
async function newPage(): Promise<Page> {
  const made = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  made.setDefaultTimeout(120_000);
  made.on("console", (message) => troubles.push(message.text()));
  made.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.url()}: ${response.status()}`);
  });
  made.on("pageerror", (error) => troubles.push(error.stack ?? error.message));
  made.on("requestfailed", (request) => {
    // Questions that a newer one has made void are let go of.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") troubles.push(`${request.url()} failed`);
  });
  return made;
}

function trainingOf(file: string, ...overrides: readonly string[]) {
  const program = join(repository, "packages/mosaic/bin/mosaic.ts");
  const words = [program, "run", join(repository, "examples/or/config.ini"), file, ...overrides];
  return startProgram(process.execPath, words, { folder: repository });
}

/** The writer may just be making its tables. */
async function started(settings: Partial<Parameters<typeof startBoardServer>[0]>): Promise<BoardServer> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const usual = { databases: [database], host: "127.0.0.1", port: 0, allowHosts: [], hasToken: false };
      return await startBoardServer({ ...usual, ...settings });
    } catch (error) {
      if (attempt >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** When what is left was written, which is after the experiment has ended. */
async function written(file: string, since: number): Promise<number> {
  const time = () => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  await until(() => time() > since, "the file of what is left", 60);
  return time();
}

/** Of every rule that axe has, on the page as it is. */
const axeFindings = `${axe.source}; axe.run().then(({ violations }) =>
  violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`;

/** As a program has them that is not Mosaic. */
function wavyMaps(): MapSource & { change(): void } {
  let score = 0.5;
  const plane: MapPlane = {
    ...{ height: 4, width: 8, factor: 2, rows: 4, columns: 8, range: [0, 1], stretch: "linear" },
    outlined: "filaments",
    classes: [],
    values: Float32Array.from({ length: 32 }, (_, cell) => (cell % 8) / 8),
    outline: Uint8Array.from({ length: 32 }, (_, cell) => (cell % 8 > 4 ? 1 : 0)),
    areas: new Uint8Array(),
  };
  const classes = [1, 2].map((fold) => ({ label: `fold ${fold}`, colour: fold === 1 ? "#0072b2" : "#e69f00" }));
  return {
    info: async () => ({
      maps: [
        { id: "heat", title: "<img onerror=alert(1)>", quantity: "heat", note: "" },
        { id: "folds", title: "folds", quantity: "heat", note: "" },
      ],
      scores: {
        of: "split",
        parts: ["1", "2"],
        figures: [{ name: "dice", values: [score, null], mean: 0.5, low: 0.25, high: 0.75 }],
        interval: "95 % interval of the mean",
      },
      notes: [],
    }),
    plane: async (id) =>
      id === "heat" ? plane : { ...plane, classes, areas: Uint8Array.from({ length: 32 }, (_, cell) => cell % 3) },
    revision: async () => String(score),
    close: async () => undefined,
    change() {
      score = 0.625;
    },
  };
}

async function open(fragment: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`);
}

async function expectCalm(): Promise<void> {
  await expect.poll(() => page.locator(".is-waiting").count()).toBe(0);
  expect(await page.locator(".message.is-problem").allTextContents()).toEqual([]);
  expect(troubles).toEqual([]);
}

describe("the page of a real experiment", () => {
  test("has a result within half a second after it is in the store", async () => {
    const shown = await page.evaluate<Readonly<Record<string, number>>>("window.shown");
    const reader = await openSqliteReader(database);
    const times: number[] = [];
    for await (const { runId, details } of reader.runs()) {
      const at = shown[runId] ?? Number.NaN;
      if (at !== 0) times.push(at - (details?.finishedAt?.getTime() ?? Number.NaN));
    }
    await reader.close();
    times.sort((one, other) => one - other);
    expect(times.length).toBeGreaterThan(0);
    const median = times[Math.floor(times.length / 2)];
    expect(median, `${times.join(", ")} ms, ${crowding} programs a processor`).toBeLessThan(500 * crowding);
    // What the store has counts from when it is written, which is a moment before it can be read.
    expect(times.at(-1), `${times.join(", ")} ms`).toBeLessThan(2000 * crowding);
  });

  test("shows every result as the store has it", async () => {
    const reader = await openSqliteReader(database);
    const stored = [];
    for await (const run of reader.runs()) stored.push([run.runId, run.result?.test_loss, run.result?.overfit]);
    await reader.close();
    await open("#/runs?column=id&column=test_loss&column=overfit");
    await page.getByRole("row").nth(runs).waitFor(patience);
    await page.locator(".grid-body [role=gridcell][title]").first().waitFor(patience);
    const shown = await page
      .locator(".grid-body .grid-row")
      .evaluateAll((rows) =>
        rows.map((row) => [
          Number(row.querySelector(".is-id")?.textContent),
          ...[...row.querySelectorAll("[role=gridcell][title]")].map((cell) => Number(cell.getAttribute("title"))),
        ]),
      );
    expect(shown).toEqual(stored);
    expect(shown).toHaveLength(runs);
    await expectCalm();
  });

  test("gives the files of runs, and nothing that they have been made to link to", async () => {
    const reader = await openSqliteReader(database);
    const { filesFolder = "", files } = await readRunReport(reader, 1);
    await reader.close();
    const { artifacts }: RunDetail = JSON.parse(await (await fetch(`${server.address}api/run/1`)).text());
    const [first] = artifacts;
    const path = join(filesFolder, files[0]?.path ?? "");
    const address = `${server.address}api/files/${first?.id}`;
    const response = await fetch(address);
    expect(response.headers.get("content-disposition")).toMatch(/^attachment; /);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(await readFile(path));
    await rename(path, `${path}.kept`);
    for (const target of ["/etc/hostname", "/proc/self/environ", "/dev/zero", database]) {
      await symlink(target, path);
      expect([target, (await fetch(address)).status]).toEqual([target, 404]);
      await unlink(path);
    }
    await rename(`${path}.kept`, path);
    expect((await fetch(address)).status).toBe(200);
  });

  test("says what mosaic compare does", async () => {
    const reader = await openSqliteReader(database);
    const report = await compareRuns(reader, { criterion: "test_loss", rope: defaultRope, scale: "auto" });
    await reader.close();
    await open("#/verdicts");
    await page.locator(".ranking").waitFor({ state: "attached", ...patience });
    const shown = await page
      .locator(".ranking tbody tr")
      .evaluateAll((rows) =>
        rows.map((row) => [
          row.querySelector(".is-name")?.textContent,
          ...[...row.querySelectorAll("[data-value]")].map((cell) => Number(cell.getAttribute("data-value"))),
        ]),
      );
    expect(shown).toEqual(
      report.dataSets[0]?.models.map(({ model, mean, interval }) => [model, mean, interval?.low, interval?.high]),
    );
    await page.getByRole("heading", { name: "Differences by repetition" }).waitFor(patience);
    // Another pair, by the keyboard.
    await page.getByLabel("Other").selectOption("3");
    expect(page.url()).toContain("pair=");
    await expectCalm();
  });

  test("sorts, selects, filters with completion, says what is wrong, and goes back", async () => {
    await open("#/runs?column=id&column=test_loss&column=MlpBrick_width");
    const grid = page.getByRole("grid");
    await grid.getByRole("button", { name: "test loss" }).click(patience);
    const losses = await page
      .locator(".grid-body [title]:nth-child(3)")
      .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("title"))));
    expect(losses).toEqual(losses.toSorted((one, other) => one - other));
    await grid.focus();
    for (const key of ["ArrowDown", "Space", "ArrowDown", "Space"]) await page.keyboard.press(key);
    await expect.poll(() => page.url()).toMatch(/selection=\d+/);
    await page.keyboard.press("Escape");
    await page.keyboard.press("/");
    const filter = page.getByRole("combobox", { name: /condition/ });
    await filter.pressSequentially("Brick_wi");
    await page.getByRole("option", { name: /MlpBrick_width/ }).click();
    await filter.pressSequentially("> 2");
    await expect.poll(() => page.locator(".count").textContent()).toContain("6 of 18 runs");
    await page.keyboard.press("Enter");
    await filter.fill("MlpBrick_widt > 2");
    await page.getByText('"MlpBrick_widt" is not known. Did you mean MlpBrick_width?').waitFor(patience);
    await filter.fill("MlpBrick_width >");
    await page.getByText("has no value behind it").waitFor(patience);
    await filter.fill("");
    await page.keyboard.press("Enter");
    await page.goBack();
    await expect.poll(() => page.locator(".count").textContent()).toContain("6 of 18 runs");
    await expectCalm();
  });

  test("groups with exact means, and opens a group", async () => {
    await open("#/runs?by=pipeline");
    await page.locator(".plain tbody tr").nth(5).waitFor(patience);
    const mean = Number(await page.locator(".plain tbody tr [data-value]").first().getAttribute("data-value"));
    const reader = await openSqliteReader(database);
    const losses: number[] = [];
    const name = await page.locator(".plain tbody button").first().textContent();
    for await (const run of reader.runs())
      if (run.description === name) losses.push(run.result?.test_loss ?? Number.NaN);
    await reader.close();
    expect(losses).toHaveLength(3);
    expect(mean).toBeCloseTo(losses.reduce((sum, loss) => sum + loss, 0) / 3, 12);
    await page.locator(".plain tbody button").first().click();
    await expect.poll(() => page.locator(".count").textContent()).toContain("3 of 18 runs");
    await expectCalm();
  });

  test("draws curves of runs and bands of groups, reads their values and zooms", async () => {
    await open("#/curves");
    const canvas = page.locator(".view canvas");
    await canvas.waitFor(patience);
    const box = await canvas.boundingBox();
    if (box === null) throw new Error("no picture");
    // Somewhere on the way down there is a curve under the pointer.
    for (let y = 40; y < box.height - 60 && (await page.locator(".tip").count()) === 0; y += 20)
      await page.mouse.move(box.x + box.width / 2, box.y + y);
    expect(await page.locator(".tip").textContent()).toMatch(/run \d+.*epoch \d+: t(rain|est) loss/s);
    await page.mouse.move(box.x + 300, box.y + 100);
    await page.mouse.down();
    await page.mouse.move(box.x + 600, box.y + 100, { steps: 3 });
    await page.mouse.up();
    await page.getByRole("button", { name: "Show all of the axis" }).click(patience);
    await page.getByLabel("Scale").selectOption("log");
    await page.getByLabel("Smoothing").selectOption("0.8");
    await page.getByText("Smoothed; what was measured lies behind").waitFor(patience);
    await open("#/curves?by=pipeline&axis=seconds");
    await page.getByRole("img", { name: "Bands of 6 groups over seconds" }).waitFor(patience);
    await expectCalm();
  });

  test("brushes the space of options, which narrows down every view", async () => {
    await open("#/space?axes=MlpBrick_width&axes=test_loss");
    const canvas = page.getByRole("img", { name: /^18 of 18 runs over the axes/ });
    await canvas.waitFor(patience);
    await page.getByRole("heading", { name: "Pareto front" }).waitFor(patience);
    const box = await canvas.boundingBox();
    if (box === null) throw new Error("no picture");
    await page.mouse.move(box.x + 52, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + 52, box.y + 150, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.locator(".count").textContent()).toContain("3 of 18 runs");
    await page.keyboard.press("r");
    await page.getByRole("grid", { name: "Table of 3 runs" }).waitFor(patience);
    await page.goBack();
    await page.goBack();
    await expect.poll(() => page.locator(".count").textContent()).toContain("18 runs");
    await expectCalm();
  });

  test("opens a run from a point of the scatter, and it has its options, results, curves and log", async () => {
    await open("#/scatter?x=repetition&y=repetition");
    await page.getByRole("img", { name: /^18 runs by/ }).waitFor(patience);
    const box = await page.locator(".view canvas").boundingBox();
    if (box === null) throw new Error("no picture");
    // The second of three repetitions lies in the middle; a picture that is not drawn yet has nothing there.
    await expect
      .poll(async () => {
        await page.mouse.move(box.x + box.width / 2, box.y + 241);
        await page.mouse.move(box.x + box.width / 2 + 12, box.y + 241);
        return page.locator(".tip").count();
      }, patience)
      .toBe(1);
    const [, id] = /run (\d+)/.exec((await page.locator(".tip").textContent()) ?? "") ?? [];
    await page.mouse.down();
    await page.mouse.up();
    await page.getByRole("heading", { name: `Run ${id}`, exact: true }).waitFor(patience);
    for (const heading of ["Results", "Options", "Curves", "About it", "Files"])
      await page.getByRole("heading", { name: heading, exact: true }).waitFor(patience);
    await expectCalm();
  });

  test.each(["light", "dark"] as const)(
    "has nothing wider than a telephone, its %s colours, and nothing that axe finds",
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width: 390, height: 800 });
      const papers = new Set<string>();
      for (const view of ["overview", "runs", "curves", "verdicts", "space", "scatter", "failures", "run/1"]) {
        await open(`#/${view}`);
        await expectCalm();
        const { wide, paper }: { wide: number; paper: string } = await page.evaluate(
          "({ wide: document.documentElement.scrollWidth, paper: getComputedStyle(document.body).backgroundColor })",
        );
        expect([view, wide]).toEqual([view, 390]);
        papers.add(paper);
        expect([view, await page.evaluate(axeFindings)]).toEqual([view, []]);
      }
      expect([...papers]).toEqual([colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(21, 23, 26)"]);
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  );

  test("an export opens from disk, asks for nothing, and says of groups, pairs and logs what the server says", async () => {
    const file = join(folder, "report.html");
    await exportBoard(database, file);
    const report = await newPage();
    report.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) troubles.push(request.url());
    });
    for (const [fragment, selector] of [
      ["#/runs?by=pipeline", ".plain tbody"],
      [
        "#/runs?by=repetition&by=MlpBrick_width&where=test_loss%20%3C%200.2%20and%20repetition%20%3E%200",
        ".plain tbody",
      ],
      ["#/curves?by=pipeline&axis=seconds", ".legend"],
      ["#/verdicts", ".verdicts"],
      ["#/run/1", "[aria-label=Layers]"],
      ["#/run/1", "[aria-label=Log]"],
    ] as const) {
      await open(fragment);
      await report.goto(`${pathToFileURL(file)}${fragment}`);
      const [live, exported] = await Promise.all(
        [page, report].map(async (each) => {
          await each.locator(selector).first().waitFor(patience);
          await expect.poll(() => each.locator(".is-waiting").count()).toBe(0);
          await expect
            .poll(() => each.locator(selector).first().textContent(), patience)
            .not.toContain("It has said nothing");
          return each.locator(selector).first().textContent();
        }),
      );
      // Of a log there is the end.
      const same = selector === "[aria-label=Log]" ? live?.slice(-(exported?.length ?? 0)) : live;
      expect([fragment, exported]).toEqual([fragment, same]);
      expect(exported?.length).toBeGreaterThan(40);
    }
    expect(await report.getByRole("heading", { name: "What it says of values" }).count()).toBe(0);
    for (const heading of ["Environment", "The same as run"])
      await report.getByRole("heading", { name: heading }).waitFor(patience);
    expect(await report.getByText(hostname(), { exact: true }).count()).toBe(0);
    await report.close();
    await expectCalm();
  });

  test("runs a model on what is typed in, and on a sample; says what does not fit", async () => {
    await open("#/run/1");
    const values = page.getByRole("textbox", { name: /^features/ });
    await values.fill("0 1\n1 1", patience);
    const run = page.getByRole("button", { name: "Run the model" });
    await run.click();
    const said = page.locator(".prediction [data-value]");
    await said.nth(1).waitFor(patience);
    const { artifacts }: RunDetail = JSON.parse(await (await fetch(`${server.address}api/run/1`)).text());
    const file = artifacts.find(({ name }) => name.endsWith(".onnx"));
    // The file is read again only when it has changed.
    const reader = await openSqliteReader(database);
    const [first, second] = [await readModelFile(reader, 1), await readModelFile(reader, 1)];
    expect(second.layers).toBe(first.layers);
    const { filesFolder } = await readRunReport(reader, 1);
    utimesSync(join(filesFolder ?? "", first.path), 1, 1);
    expect((await readModelFile(reader, 1)).layers).not.toBe(first.layers);
    await reader.close();
    const session = await InferenceSession.create(
      new Uint8Array(await (await fetch(`${server.address}api/files/${file?.id}`)).arrayBuffer()),
    );
    const { prediction } = await session.run({ features: new Tensor("float32", [0, 1, 1, 1], [2, 2]) });
    expect(await said.evaluateAll((rows) => rows.map((row) => Number(row.getAttribute("data-value"))))).toEqual(
      Array.from(prediction?.data ?? [], Number),
    );
    await values.fill("1 x");
    await run.click();
    await page.getByText('features: "x", number 2, is no number').waitFor(patience);
    await page.getByLabel("or on sample").fill("3");
    await page.getByRole("button", { name: "Take it from the evaluation data" }).click();
    await page.locator(".prediction dt", { hasText: "target" }).waitFor(patience);
    // The logical or of what it was given.
    const given = (await values.inputValue()).split(" ").map(Number);
    expect(await said.last().textContent()).toBe(String(Math.max(...given)));
    await expectCalm();
  });

  test("carries out orders, and says before what will happen", async () => {
    const ordered = join(folder, "orders.db");
    const file = `${ordered}.paused.json`;
    // On ONNX Runtime each run takes seconds, so that there is something to order.
    const long = ["PROCESS.epochs=600", "PROCESS.executor=onnx", "MONITOR.multiplicity=1", "MONITOR.nb_processus=1"];
    const training = trainingOf(ordered, "PROCESS.sample=3", ...long);
    await until(() => existsSync(ordered), "the database", 200);
    const board = await started({ databases: [ordered], controls: boardOrders, hasToken: true });
    const own = await newPage();
    await own.goto(board.address);
    // The token is out of the address, and what the page keeps as well.
    await own.waitForURL(new URL("/", board.address).href);
    const count = (status: string, number: RegExp) =>
      own.locator(`[data-count="${status}"]`).filter({ hasText: number }).waitFor(patience);
    const order = async (action: string, says: RegExp) => {
      await own.getByRole("button", { name: action, exact: true }).click();
      const dialog = own.getByRole("dialog", { name: action });
      await dialog.getByText(says).waitFor(patience);
      await dialog.getByRole("button", { name: action, exact: true }).click();
      await own.getByText(/^Begun: mosaic/).waitFor(patience);
    };
    await count("running", /^1$/);
    await order("Stop", /^The 1 running run will be left in the middle, .*\. mosaic pause .*--now/);
    expect((await training.finished).code).toBe(3);
    await count("paused", /^1$/);
    const since = await written(file, 0);
    await order("Resume", /^What .*paused\.json names will be trained: 3 runs left\. mosaic resume /);
    await count("running", /^1$/);
    await order("Pause", /^The \d running runs? will be trained to the end, no other will begin, .*\. mosaic pause /);
    await own.locator(`[data-count="running"]`).waitFor({ state: "detached", ...patience });
    await written(file, since);
    await count("pending", /^[12]$/);
    await order("Resume", /names will be trained: [12] runs? left/);
    await count("done", /^3$/);
    const rerun = { action: "rerun", ids: "1", database: ordered };
    await expect.poll(async () => (await boardOrders.plan(rerun)).isPossible).toBe(true);
    await own.evaluate(`location.hash = "#/run/1"`);
    await order("Run again", /^Runs 1 will be trained: .*mosaic rerun/);
    await own.locator(`[data-value="1200"]`).waitFor(patience);
    await own.close();
    await board.close();
    await expectCalm();
  });

  test("shows maps of another program, their values, areas and scores, and finds out that they have changed", async () => {
    const source = wavyMaps();
    const maps = await started({ databases: [folder], mapsOf: async () => source });
    const own = await newPage();
    await own.goto(maps.address);
    expect(await own.getByRole("navigation").getByRole("link").allTextContents()).toEqual(["Maps"]);
    const picture = own.getByRole("img", { name: /^<img onerror=alert\(1\)>: 8 × 4 pixels, outlined filaments/ });
    await picture.waitFor(patience);
    const box = await picture.boundingBox();
    if (box === null) throw new Error("no picture");
    // The third cell of the first row, which is at the bottom.
    await expect
      .poll(async () => {
        await own.mouse.move(box.x + box.width / 2, box.y + 5);
        await own.mouse.move(box.x + (box.width * 2.5) / 8, box.y + (box.height * 3.5) / 4);
        return own.locator(".tip").allTextContents();
      }, patience)
      .toEqual(["column 4–5, row 0–1\nheat 0.25"]);
    expect(await own.locator(".plain tbody [data-value]").allTextContents()).toEqual([
      "0.5",
      "–",
      "0.5",
      "0.25",
      "0.75",
    ]);
    await own.getByRole("combobox", { name: /^Map/ }).selectOption({ label: "folds" });
    await own.getByRole("img", { name: /coloured by fold 1, fold 2/ }).waitFor(patience);
    expect(await own.evaluate(axeFindings)).toEqual([]);
    source.change();
    await own.getByRole("cell", { name: "0.625" }).waitFor(patience);
    await own.close();
    await maps.close();
    await expectCalm();
  });

  test("says that the server has gone, and goes on when it is back", async () => {
    await open("#/overview");
    await expectCalm();
    const port = Number(new URL(server.address).port);
    await server.close();
    await page.getByText("Disconnected: what you see is as it was").waitFor(patience);
    await page.locator(`[data-count="done"]`).filter({ hasText: "18" }).waitFor(patience);
    server = await started({ port });
    await page.getByText("Live", { exact: true }).waitFor(patience);
    troubles.length = 0;
    await open("#/runs");
    await page.getByRole("grid").waitFor(patience);
    await expectCalm();
  });
});

test("databases of the original Mosaic, of the first schema and without runs are shown without a complaint", async () => {
  const folder = temporaryFolder();
  const fixtures = join(repository, "packages/mosaic/fixtures");
  const names = ["original.db", "original-with-error.db", "schema-1.db"];
  for (const name of names) await copyFile(join(fixtures, name), join(folder, name));
  await (await openSqliteStore(join(folder, "none.db"))).close();
  const databases = [...names, "none.db"].map((name) => join(folder, name));
  const old = await startBoardServer({ databases, host: "127.0.0.1", port: 0, allowHosts: [], hasToken: false });
  troubles.length = 0;
  for (const [index, path] of databases.entries()) {
    await page.goto(`${old.address}${index === 0 ? "" : `d${index}/`}#/overview`, patience);
    await page
      .getByText(path.endsWith("none.db") ? "There are no runs yet" : "done", { exact: false })
      .first()
      .waitFor(patience);
    for (const view of ["runs", "curves", "verdicts", "space", "scatter", "failures"]) {
      await open(`#/${view}`);
      await expectCalm();
    }
  }
  await old.close();
});
