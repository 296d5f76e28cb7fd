/** The same curves by uPlot, which gets all points of all lines: the page has them already, and nothing is read or sent. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { curveValue } from "../board-databases.ts";

/**
 * @param folder in which `npm install uplot` was run
 * @returns milliseconds from the call until they are drawn, of several pictures
 */
export async function uplotTimes(page: Page, folder: string, runs: number, epochs: number): Promise<readonly number[]> {
  await page.goto("about:blank");
  await page.evaluate(readFileSync(join(folder, "node_modules/uplot/dist/uPlot.iife.min.js"), "utf8"));
  return page.evaluate<readonly number[]>(`(async () => {
    const valueOf = ${curveValue};
    const epochs = Array.from({ length: ${epochs} }, (_, index) => index + 1);
    const data = [epochs, ...Array.from({ length: ${runs} }, (_, run) => epochs.map((epoch) => valueOf(run + 1, epoch)))];
    const series = [{}, ...data.slice(1).map(() => ({ stroke: "#8888", width: 0.7, points: { show: false } }))];
    const times = [];
    for (let picture = 0; picture < 3; picture++) {
      const begun = performance.now();
      await new Promise((resolve) => {
        const hooks = { draw: [() => setTimeout(resolve, 0)] };
        const scales = { x: { time: false }, y: { distr: 3 } };
        new uPlot({ width: 900, height: 430, legend: { show: false }, series, scales, hooks }, data, document.body);
      });
      times.push(performance.now() - begun);
      document.body.replaceChildren();
    }
    return times;
  })()`);
}
