/** Filaments that have been measured, kept beside the results until those are complete: what a killed run goes on from. */
import { type FileHandle, open, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errorCode, makeFolder } from "@ml-mosaic/base";
import type { MeasuredFilament } from "./filament.ts";

const rowsName = "unfinished_filaments.jsonl";
const configName = "unfinished_config.yaml";

export interface Journal<Row = MeasuredFilament> {
  /** Those that an earlier run of the same configuration has measured, from the first on. */
  readonly measured: readonly Row[];
  append(rows: readonly Row[]): Promise<void>;
  /** Ends it, and removes what was kept where the results are complete. */
  close(isComplete: boolean): Promise<void>;
}

/** @param config text on which alone the filaments depend */
export async function openJournal<Row = MeasuredFilament>(folder: string, config: string): Promise<Journal<Row>> {
  await makeFolder(folder);
  const [rowsPath, configPath] = [join(folder, rowsName), join(folder, configName)];
  const isSame = (await textOf(configPath)) === config;
  if (!isSame) {
    await rm(rowsPath, { force: true });
    await writeFile(configPath, config, { flush: true });
  }
  const measured = isSame ? wholeLines<Row>((await textOf(rowsPath)) ?? "") : [];
  // What was cut off in the middle of a line is written again.
  await writeFile(rowsPath, lines(measured));
  const file: FileHandle = await open(rowsPath, "a");
  return {
    measured,
    async append(rows) {
      await file.appendFile(lines(rows));
    },
    async close(isComplete) {
      await file.close();
      if (isComplete) await removeJournal(folder);
    },
  };
}

export async function removeJournal(folder: string): Promise<void> {
  for (const name of [rowsName, configName]) await rm(join(folder, name), { force: true });
}

function lines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

function wholeLines<Row>(text: string): readonly Row[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line): Row => JSON.parse(line));
}

/** Undefined where there is no such file. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
