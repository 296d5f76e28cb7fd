/** The page of databases that have little to show, or what is hard to show. */

import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import type { BoardServer } from "ml-mosaic/reading";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../mosaic/test/compare-test-database.ts";
import { startBoardServer } from "../src/index.ts";

const folder = temporaryFolder();
const longName = "a_name_that_nobody_would_give_to_an_option_but_somebody_has_given_to_this_one_of_all_options";
/** Only what hangs takes as long, however busy the machine is. */
const patience = { timeout: 240_000 };

let browser: Browser;
let server: BoardServer;

/** Without a run; of the second database one run is at work and none has a number. */
beforeAll(async () => {
  const databases = ["none.db", "few.db"].map((name) => join(folder, name));
  await writeDatabase(databases[0] ?? "", []);
  const pipeline = [dataEntry("k_Data"), netEntry(4, { [longName]: "its value" })];
  await writeDatabase(databases[1] ?? "", [
    ...[0, 1].map((repetition) => ({
      pipeline,
      repetition,
      results: { test_loss: Number.NaN, train_loss: Number.NaN },
    })),
    { pipeline, repetition: 2, status: "pending" },
  ]);
  using database = new DatabaseSync(databases[1] ?? "");
  database.exec("INSERT INTO history (run_id, epoch, train_loss, test_loss) VALUES (1, 1, 0.5, 0.5)");
  server = await startBoardServer({ databases, host: "127.0.0.1", port: 0, allowHosts: [], hasToken: false });
  browser = await chromium.launch({
    executablePath: "/usr/bin/chromium-headless-shell",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
}, patience.timeout);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

async function opened(address: string): Promise<{ readonly page: Page; readonly troubles: readonly string[] }> {
  const page = await browser.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") troubles.push(message.text());
  });
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(new URL(address, server.address).href);
  return { page, troubles };
}

test(
  "every view of a database without runs says so, and asks for nothing that there is not",
  async () => {
    const { page, troubles } = await opened("#/overview");
    for (const [view, said] of [
      ["overview", "There are no runs yet"],
      ["runs", "There are no runs yet"],
      ["curves", "No run has an epoch yet"],
      ["verdicts", "There are no runs yet"],
      ["space", "There are no runs yet"],
      ["scatter", "There are no runs yet"],
      ["failures", "No run has failed"],
      ["run/1", "There is no run 1"],
    ] as const) {
      await page.evaluate(`location.hash = "#/${view}"`);
      await page.locator(".view .message", { hasText: said }).waitFor(patience);
    }
    expect(troubles).toEqual([]);
    await page.close();
  },
  patience.timeout,
);

test(
  "CSV can be had once all columns are there that it has",
  async () => {
    const { page } = await opened("about:blank");
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    await page.route("**/api/columns?*test_loss*", async (route) => {
      await held;
      await route.continue();
    });
    await page.goto(new URL("d1/#/runs?column=id&column=test_loss", server.address).href);
    const button = page.getByRole("button", { name: "Download CSV" });
    await button.waitFor(patience);
    expect(await button.isDisabled()).toBe(true);
    expect(await page.getByRole("button", { name: "Copy CSV" }).isDisabled()).toBe(true);
    release();
    await page.locator("button:enabled", { hasText: "Download CSV" }).waitFor(patience);
    await page.close();
  },
  patience.timeout,
);

test(
  "what is long leaves room for the rest, and nothing is drawn of what is no number",
  async () => {
    const { page, troubles } = await opened("d1/#/run/1");
    const value = page.locator(".facts dd", { hasText: "its value" });
    await value.waitFor(patience);
    expect((await value.boundingBox())?.width).toBeGreaterThan(100);
    await page.evaluate(`location.hash = "#/runs?column=id&column=status"`);
    const status = page.locator("[role=gridcell]", { hasText: "pending" });
    await status.waitFor(patience);
    expect(await status.evaluate((cell) => cell.scrollWidth - cell.clientWidth)).toBe(0);
    await page.evaluate(`location.hash = "#/scatter?x=train_loss&y=test_loss"`);
    await page.locator(".message", { hasText: "No run that is chosen has a number for both" }).waitFor(patience);
    await page.evaluate(`location.hash = "#/curves"`);
    await page.getByText("1 of 3 runs: the others have no epoch.").waitFor(patience);
    expect(troubles).toEqual([]);
    await page.close();
  },
  patience.timeout,
);
