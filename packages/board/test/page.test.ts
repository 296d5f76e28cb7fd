import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { dataEntry, netEntry, writeDatabase } from "../../mosaic/test/compare-test-database.ts";
import { startBoardServer } from "../src/server/board-server.ts";

const executablePath = "/usr/bin/chromium-headless-shell";
const args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"];

test("the page starts in Chromium from sources alone, under its own policy, and nothing fails", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mosaic-page-"));
  const database = join(folder, "or.db");
  await writeDatabase(database, [{ pipeline: [dataEntry("k"), netEntry(4)], repetition: 0 }]);
  const server = await startBoardServer({
    databases: [database],
    host: "127.0.0.1",
    port: 0,
    allowHosts: [],
    hasToken: true,
  });
  const browser = await chromium.launch({ executablePath, args });
  try {
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("requestfailed", (request) => troubles.push(request.url()));
    await page.goto(server.address);
    await page.getByText("Live").waitFor({ timeout: 10_000 });
    expect(troubles).toEqual([]);
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
});
