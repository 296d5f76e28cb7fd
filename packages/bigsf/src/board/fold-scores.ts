/** Scores of a training by split, as its tables have them: of all splits, or of those that have ended so far. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "@ml-mosaic/base";
import type { Scores } from "@ml-mosaic/board";
import { resultNames, splitPattern } from "../cross-validation/validation-folder.ts";

/** Columns that are no figures. */
const others: ReadonlySet<string> = new Set(["split", "snapshot", "epoch"]);

type Row = ReadonlyMap<string, string>;

export async function foldScores(folder: string): Promise<Scores | null> {
  const { parts, rows } = await partsOf(folder);
  const [first] = rows;
  if (first === undefined) return null;
  const summary = new Map((await tableOf(join(folder, resultNames.summary))).map((row) => [row.get("figure"), row]));
  const names = [...first.keys()].filter((name) => !others.has(name));
  const corrected =
    summary.size > 0 && [...summary.values()].some((row) => numberOf(row.get("corrected_low")) !== null);
  const [low, high] = corrected ? ["corrected_low", "corrected_high"] : ["low", "high"];
  return {
    of: "split",
    parts,
    figures: names.map((name) => {
      const plain = name.replace(/^test_/, "");
      const row = summary.get(plain);
      return {
        name: plain,
        values: rows.map((each) => numberOf(each.get(name))),
        mean: numberOf(row?.get("mean")),
        low: numberOf(row?.get(low)),
        high: numberOf(row?.get(high)),
      };
    }),
    interval: corrected
      ? "95 % interval of the mean, corrected for splits that share what they are trained on"
      : "95 % interval of the mean",
  };
}

/** What the out-of-fold map reaches, each pixel counted once; empty where there is none. */
export async function pooledScores(folder: string): Promise<ReadonlyMap<string, number>> {
  const pooled = new Map<string, number>();
  for (const row of await tableOf(join(folder, resultNames.summary))) {
    const [, name] = /^out_of_fold_(.+)$/.exec(row.get("figure") ?? "") ?? [];
    const value = numberOf(row.get("mean"));
    if (name !== undefined && value !== null) pooled.set(name, value);
  }
  return pooled;
}

async function partsOf(folder: string): Promise<{ readonly parts: readonly string[]; readonly rows: readonly Row[] }> {
  const splits = (await readdir(folder)).filter((name) => splitPattern.test(name));
  const whole = await tableOf(join(folder, resultNames.tests));
  if (whole.length > 0) return { parts: whole.map((row, index) => row.get("split") ?? String(index + 1)), rows: whole };
  const numbers = splits.map((name) => Number(name.slice("split_".length))).sort((one, other) => one - other);
  const ended: { readonly part: string; readonly row: Row }[] = [];
  for (const number of numbers) {
    const [row] = await tableOf(join(folder, `split_${number}`, resultNames.tests));
    if (row !== undefined) ended.push({ part: String(number), row });
  }
  return { parts: ended.map(({ part }) => part), rows: ended.map(({ row }) => row) };
}

function numberOf(text: string | undefined): number | null {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Of a table that this program has written, whose cells hold no commas; empty where there is none. */
async function tableOf(path: string): Promise<readonly Row[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
  const [header = "", ...lines] = text.trim().split("\n");
  const names = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    return new Map(names.map((name, index) => [name, cells[index] ?? ""]));
  });
}
