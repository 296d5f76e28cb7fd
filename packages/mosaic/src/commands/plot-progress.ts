// What all plot commands do with their plots. The libraries that draw are heavy: the commands load them when they run.
import { countText } from "@ml-mosaic/base";
import { type ExitCode, interruptible, type Terminal } from "@ml-mosaic/command-line";
import type { Plots } from "../plots/pages/page.ts";

/** @param what is drawn, for the message: "24 runs" */
export async function writePlotsWithProgress(
  file: string,
  plots: Plots,
  what: string,
  { out, err, isLive }: Terminal,
): Promise<ExitCode> {
  const { writePlots } = await import("../plots/write/write-plots.ts");
  const onPage = (done: number) => isLive && err(`\r${countText(done, "page")} of ${plots.pageCount}`);
  const files = await interruptible((signal) => writePlots(file, plots, { onPage, signal }));
  if (isLive) err("\r");
  if (files === undefined) {
    err("Stopped; nothing was written.\n");
    return 3;
  }
  const places = files.length === 1 ? file : `${files[0]} to ${files.at(-1)}`;
  out(`${what} written to ${places}\n`);
  return 0;
}
