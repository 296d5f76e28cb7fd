/** The whole page in Chromium: a real experiment from its first run to its end, every view opened and used. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { startProgram, temporaryFolder, until } from "@ml-mosaic/testing";
import axe from "axe-core";
import { type BoardServer, compareRuns, defaultRope, openSqliteReader } from "ml-mosaic/reading";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBoardServer } from "../src/server/board-server.ts";

const executablePath = "/usr/bin/chromium-headless-shell";
const browserArguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];
const repository = join(import.meta.dirname, "../../..");
const database = join(temporaryFolder(), "or.db");
/** Six pipelines, three times. */
const runs = 18;
/** Of machines that do much else. */
const patience = { timeout: 30_000 };

let browser: Browser;
let page: Page;
let server: BoardServer;
/** What the browser has to complain about. */
const troubles: string[] = [];

beforeAll(async () => {
  const training = startProgram(
    process.execPath,
    [
      join(repository, "packages/mosaic/bin/mosaic.ts"),
      "run",
      join(repository, "examples/or/config.ini"),
      database,
      "PROCESS.epochs=40",
      "MONITOR.multiplicity=3",
    ],
    { folder: repository },
  );
  await until(() => existsSync(database), "the database", 60);
  server = await started(0);
  browser = await chromium.launch({ executablePath, args: browserArguments });
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  page.on("console", (message) => troubles.push(message.text()));
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.url()}: ${response.status()}`);
  });
  page.on("pageerror", (error) => troubles.push(error.stack ?? error.message));
  page.on("requestfailed", (request) => {
    // Questions that a newer one has made void are let go of.
    if (request.failure()?.errorText !== "net::ERR_ABORTED") troubles.push(`${request.url()} failed`);
  });
  await page.goto(server.address);
  // The page follows by itself to the end.
  await page.locator(`[data-count="done"]`).filter({ hasText: /^18$/ }).waitFor({ timeout: 100_000 });
  const { code, stderr } = await training.finished;
  if (code !== 0) throw new Error(stderr);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** The writer may just be making its tables. */
async function started(port: number): Promise<BoardServer> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await startBoardServer({
        databases: [database],
        host: "127.0.0.1",
        port,
        allowHosts: [],
        hasToken: false,
      });
    } catch (error) {
      if (attempt >= 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function open(fragment: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(fragment)}`);
}

async function expectCalm(): Promise<void> {
  await expect.poll(() => page.locator(".is-waiting").count(), patience).toBe(0);
  expect(await page.locator(".message.is-problem").allTextContents()).toEqual([]);
  expect(troubles).toEqual([]);
}

describe("the page of a real experiment", () => {
  test("shows every result as the store has it", async () => {
    const reader = await openSqliteReader(database);
    const stored = [];
    for await (const run of reader.runs()) stored.push([run.runId, run.result?.test_loss, run.result?.overfit]);
    await reader.close();
    await open("#/runs?column=id&column=test_loss&column=overfit");
    await page.getByRole("row").nth(runs).waitFor(patience);
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
      await page.evaluate(axe.source);
      for (const view of ["overview", "runs", "curves", "verdicts", "space", "scatter", "failures", "run/1"]) {
        await open(`#/${view}`);
        await expectCalm();
        const { wide, paper }: { wide: number; paper: string } = await page.evaluate(
          "({ wide: document.documentElement.scrollWidth, paper: getComputedStyle(document.body).backgroundColor })",
        );
        expect([view, wide]).toEqual([view, 390]);
        papers.add(paper);
        const found = await page.evaluate(
          "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))",
        );
        expect([view, found]).toEqual([view, []]);
      }
      expect([...papers]).toEqual([colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(21, 23, 26)"]);
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  );

  test("says that the server has gone, and goes on when it is back", async () => {
    await open("#/overview");
    await expectCalm();
    const port = Number(new URL(server.address).port);
    await server.close();
    await page.getByText("Disconnected: what you see is as it was").waitFor(patience);
    await page.locator(`[data-count="done"]`).filter({ hasText: "18" }).waitFor(patience);
    server = await started(port);
    await page.getByText("Live", { exact: true }).waitFor(patience);
    troubles.length = 0;
    await open("#/runs");
    await page.getByRole("grid").waitFor(patience);
    await expectCalm();
  });
});
