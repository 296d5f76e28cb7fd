/**
 * Draws the pictures of docs/board.md anew: `npx node scripts/board-images.ts results.db`, of a database such as
 * `npx mosaic run examples/or/config.ini results.db` makes.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { chromium, type Page } from "playwright-core";
import { indexedPng } from "./indexed-png.ts";

const root = resolve(import.meta.dirname, "..");
const size = { width: 1200, height: 760 } as const;
const views = { runs: "runs", curves: "curves", verdicts: "verdicts", space: "space", run: "run/1" } as const;

const [database] = process.argv.slice(2);
if (database === undefined) throw new Error("which database?");
const program = join(root, "packages", "mosaic", "bin", "mosaic.ts");
const board = spawn(process.execPath, [program, "board", database], { stdio: ["ignore", "pipe", "inherit"] });
try {
  const [address]: string[] = await once(createInterface(board.stdout), "line");
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium-headless-shell",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
  const page = await browser.newPage({ viewport: size });
  page.setDefaultTimeout(120_000);
  await page.goto(address ?? "");
  for (const [name, view] of Object.entries(views)) {
    await page.goto(new URL(`#/${view}`, page.url()).href);
    await page.waitForLoadState("networkidle");
    // Lines are drawn when their data have come.
    await page.waitForTimeout(3000);
    if (name === "run") await runModel(page);
    await writeFile(join(root, "docs", "images", `board-${name}.png`), await indexed(await page.screenshot()));
  }
  await browser.close();
} finally {
  board.kill();
}

/** The lower part of the page, with what the model says of a sample. */
async function runModel(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Take it from the evaluation data" }).click();
  await page.locator(".prediction").waitFor();
  await page.locator(".prediction").scrollIntoViewIfNeeded();
}

/** In 256 colours. */
async function indexed(png: Uint8Array): Promise<Buffer> {
  const context = createCanvas(size.width, size.height).getContext("2d");
  context.drawImage(await loadImage(png), 0, 0);
  return indexedPng(context.getImageData(0, 0, size.width, size.height).data, size.width, size.height);
}
