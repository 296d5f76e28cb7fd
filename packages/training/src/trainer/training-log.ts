import { appendFile, readFile } from "node:fs/promises";

import { errorCode, replaceFile } from "@ml-mosaic/base";
import type { EpochRecord } from "../history.ts";
import { csvLine, csvText, readCsvText } from "./csv-table.ts";

const fixedColumns = ["epoch", "lr", "train_loss", "valid_loss"];
const metricPrefix = "valid_";

/** The epochs of a run as a CSV file, each once. */
export class TrainingLog {
  readonly path: string;
  /** Those that were in the file when it was opened. */
  readonly epochs: readonly EpochRecord[];
  #columns: readonly string[];

  private constructor(path: string, columns: readonly string[], epochs: readonly EpochRecord[]) {
    this.path = path;
    this.#columns = columns;
    this.epochs = epochs;
  }

  /**
   * Opens the log of a run that has done some epochs: rows of later ones, which the run will do again, are removed, and
   * so is a row that was not written to its end.
   */
  static async open(path: string, epochsDone: number): Promise<TrainingLog> {
    const text = await readIfThere(path);
    const { columns, rows } = readCsvText(text);
    const kept = rows.filter(({ epoch }) => Number(epoch) <= epochsDone);
    const table = { columns, rows: kept };
    if (text !== "" && csvText(table) !== text) await replaceFile(path, csvText(table));
    return new TrainingLog(path, columns, kept.map(epochOf));
  }

  async append(epoch: EpochRecord): Promise<void> {
    const cells = cellsOf(epoch);
    const known = new Set(this.#columns);
    if (Object.keys(cells).some((column) => !known.has(column))) await this.#widen(Object.keys(cells));
    await appendFile(this.path, csvLine(this.#columns.map((column) => cells[column])));
  }

  /** The columns of the first epoch; later ones have others where the metrics have been changed on the way. */
  async #widen(needed: readonly string[]): Promise<void> {
    const { rows } = readCsvText(await readIfThere(this.path));
    const others = this.#columns.filter((column) => !needed.includes(column));
    this.#columns = [...needed, ...others];
    await replaceFile(this.path, csvText({ columns: this.#columns, rows }));
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

function cellsOf({ epoch, lr, trainLoss, validLoss, metrics, seconds }: EpochRecord): Record<string, string | number> {
  const named = Object.entries(metrics).map(([name, value]) => [`${metricPrefix}${name}`, value] as const);
  return {
    epoch,
    lr,
    train_loss: trainLoss,
    valid_loss: validLoss,
    ...Object.fromEntries(named),
    seconds: seconds.toFixed(3),
  };
}

function epochOf(row: Readonly<Record<string, string>>): EpochRecord {
  const number = (column: string) => Number(row[column] === "" ? Number.NaN : row[column]);
  const metrics = Object.keys(row).filter(
    (column) => column.startsWith(metricPrefix) && !fixedColumns.includes(column) && row[column] !== "",
  );
  return {
    epoch: number("epoch"),
    lr: number("lr"),
    trainLoss: number("train_loss"),
    validLoss: number("valid_loss"),
    metrics: Object.fromEntries(metrics.map((column) => [column.slice(metricPrefix.length), number(column)])),
    seconds: number("seconds"),
  };
}
