/** Pages as PDF, PNG and SVG. PDF and PNG are drawn by the same library, Skia, from the same layout. */
import { createCanvas, PDFDocument } from "@napi-rs/canvas";
import { resetSVGDefIds } from "vega";
import type { Page } from "../pages/page.ts";
import { layOut } from "./layout.ts";

const dotsPerInch = 200;
const pointsPerInch = 72;

/** Vectors, selectable text, and of the fonts what is used. */
export async function pdfOf(pages: AsyncIterable<Page> | Iterable<Page>, title: string): Promise<Uint8Array> {
  const document = new PDFDocument({ title, creator: "Mosaic" });
  for await (const page of pages) {
    await drawOn(document.beginPage(page.width, page.height), page);
    document.endPage();
  }
  return document.close();
}

export async function pngOf(page: Page): Promise<Uint8Array> {
  const scale = dotsPerInch / pointsPerInch;
  const canvas = createCanvas(Math.round(page.width * scale), Math.round(page.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  await drawOn(context, page);
  return canvas.encode("png");
}

/** Text stays text: a program without the font shows another one. */
export async function svgOf(page: Page): Promise<string> {
  resetSVGDefIds();
  const size = `width="${page.width}" height="${page.height}" viewBox="0 0 ${page.width} ${page.height}"`;
  const parts = [`<svg xmlns="http://www.w3.org/2000/svg" ${size}>\n<rect width="100%" height="100%" fill="white"/>`];
  for (const placed of page.charts) {
    const view = await layOut(placed);
    const svg = await view.toSVG(placed.scale ?? 1);
    view.finalize();
    parts.push(`<g transform="translate(${round(placed.x)},${round(placed.y)})">${svg}</g>`);
  }
  return `${parts.join("\n")}\n</svg>\n`;
}

interface DrawingContext {
  save(): void;
  restore(): void;
  translate(x: number, y: number): void;
}

async function drawOn(context: DrawingContext, page: Page): Promise<void> {
  for (const placed of page.charts) {
    const view = await layOut(placed);
    context.save();
    context.translate(placed.x, placed.y);
    await view.toCanvas(placed.scale ?? 1, { externalContext: context });
    context.restore();
    view.finalize();
  }
}

function round(points: number): number {
  return Math.round(points * 100) / 100;
}
