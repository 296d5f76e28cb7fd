import { extname } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { replaceFiles } from "@ml-mosaic/base";
import { MosaicError } from "../errors.ts";
import { readMetrics } from "../figures/known-figures.ts";
import { runFigures } from "../figures/run-figures.ts";
import type { StoreReader } from "../store/index.ts";
import { openCsv } from "./csv.ts";
import { openJson } from "./json.ts";
import { openParquet } from "./parquet.ts";
import { type ExportedRun, historyColumns, runColumns } from "./run-columns.ts";
import type { OpenTable, TableWriter } from "./table.ts";

const formats: Readonly<Record<string, OpenTable>> = { ".csv": openCsv, ".json": openJson, ".parquet": openParquet };

export interface ExportOptions {
  readonly onRun: (runs: number) => void;
  /** Aborted: the export ends with the signal's reason, and neither file is written. */
  readonly signal: AbortSignal;
}

export interface Exported {
  readonly runs: number;
  readonly epochs: number;
  readonly historyFile: string;
}

/** Turns of the event loop come between so many runs. */
const runsInOneTurn = 200;

/**
 * Writes all runs to `file`, one row each, and their epochs to a second one (`out.history.csv` beside `out.csv`). The
 * ending chooses the format. Read a few at a time, so that memory stays bounded.
 */
export async function exportRuns(
  reader: StoreReader,
  file: string,
  { onRun, signal }: ExportOptions,
): Promise<Exported> {
  const ending = extname(file);
  const openTable = Object.hasOwn(formats, ending.toLowerCase()) ? formats[ending.toLowerCase()] : undefined;
  if (openTable === undefined) {
    const known = Object.keys(formats).join(", ");
    throw new MosaicError("UNKNOWN_FORMAT", `${file}: the ending chooses the format, and must be one of ${known}`);
  }
  const historyFile = `${file.slice(0, -ending.length)}.history${ending}`;
  const metrics = await readMetrics(reader);
  const columns = runColumns(await reader.paramSummaries(), [...runFigures, ...metrics]);
  const ofHistory = historyColumns(metrics);
  let runs = 0;
  let epochs = 0;
  await replaceFiles([file, historyFile], async ([runsPath = "", historyPath = ""]) => {
    await withTable(await openTable(runsPath, columns), async (runTable) =>
      withTable(await openTable(historyPath, ofHistory), async (historyTable) => {
        for await (const run of reader.runs()) {
          const exported: ExportedRun = { run, params: new Map(run.params) };
          await runTable.write(columns.map(({ read }) => read(exported)));
          for (const epoch of await reader.history(run.runId)) {
            await historyTable.write(ofHistory.map(({ read }) => read({ runId: run.runId, epoch })));
            epochs++;
          }
          if (++runs % runsInOneTurn !== 0) continue;
          onRun(runs);
          await nextTurn();
          signal.throwIfAborted();
        }
      }),
    );
  });
  return { runs, epochs, historyFile };
}

async function withTable(table: TableWriter, fill: (table: TableWriter) => Promise<void>): Promise<void> {
  try {
    await fill(table);
    await table.finish();
  } finally {
    await table.close();
  }
}
