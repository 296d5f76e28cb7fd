import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { replaceFiles } from "@ml-mosaic/base";
import { MosaicError } from "../../errors.ts";
import { openCsv } from "../../export/csv.ts";
import type { Page, Plots } from "../pages/page.ts";
import { pdfOf, pngOf, svgOf } from "./draw-page.ts";
import { textWidth } from "./fonts.ts";

export interface WriteOptions {
  /** How many pages are drawn. */
  readonly onPage: (pages: number) => void;
  /** Aborted: writing ends with the signal's reason, and every file stays as it was. */
  readonly signal: AbortSignal;
}

/** Writes the plots of one kind; gets a file for each target. */
type WriteFormat = (plots: Plots, files: readonly string[], options: WriteOptions) => Promise<void>;

interface Format {
  /** Whether one file holds all pages. */
  readonly isOneFile: boolean;
  readonly write: WriteFormat;
}

const formats: Readonly<Record<string, Format>> = {
  ".pdf": {
    isOneFile: true,
    async write(plots, [file = ""], options) {
      await writeFile(file, await pdfOf(counted(plots, options), plots.title), { flush: true });
    },
  },
  ".svg": { isOneFile: false, write: eachPage(svgOf) },
  ".png": { isOneFile: false, write: eachPage(pngOf) },
  ".csv": { isOneFile: true, write: writeTable },
};

/**
 * Writes plots to `file`, in the format of its ending: PDF with all pages, SVG or PNG (several pages are `out-1.png`,
 * `out-2.png`…), or the table behind them as CSV.
 *
 * @returns the files written
 */
export async function writePlots(file: string, plots: Plots, options: WriteOptions): Promise<readonly string[]> {
  const format = formatOf(file);
  const files = format.isOneFile || plots.pageCount === 1 ? [file] : numbered(file, plots.pageCount);
  await replaceFiles(files, (temporaries) => format.write(plots, temporaries, options));
  return files;
}

function formatOf(file: string): Format {
  const ending = extname(file).toLowerCase();
  const format = Object.hasOwn(formats, ending) ? formats[ending] : undefined;
  if (format !== undefined) return format;
  const known = Object.keys(formats).join(", ");
  throw new MosaicError("UNKNOWN_FORMAT", `${file}: the ending chooses the format, and must be one of ${known}`);
}

/** With as many digits as the last one, so that they sort. */
function numbered(file: string, count: number): readonly string[] {
  const ending = extname(file);
  const digits = String(count).length;
  return Array.from(
    { length: count },
    (_, index) => `${file.slice(0, -ending.length)}-${String(index + 1).padStart(digits, "0")}${ending}`,
  );
}

function eachPage(draw: (page: Page) => Promise<string | Uint8Array>): WriteFormat {
  return async (plots, files, options) => {
    let index = 0;
    for await (const page of counted(plots, options))
      await writeFile(files[index++] ?? "", await draw(page), { flush: true });
  };
}

/** The pages, with a turn of the event loop before each, in which a signal arrives. */
async function* counted(plots: Plots, { onPage, signal }: WriteOptions): AsyncIterable<Page> {
  let pages = 0;
  for await (const page of plots.pages(textWidth)) {
    yield page;
    onPage(++pages);
    await nextTurn();
    signal.throwIfAborted();
  }
}

async function writeTable({ table }: Plots, [file = ""]: readonly string[], { signal }: WriteOptions): Promise<void> {
  const csv = await openCsv(file, table.columns);
  try {
    for await (const row of table.rows()) {
      signal.throwIfAborted();
      await csv.write(row);
    }
    await csv.finish();
  } finally {
    await csv.close();
  }
}
