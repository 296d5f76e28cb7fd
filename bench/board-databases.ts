/** Databases for `bench/board.ts`: invented results of very many runs, and runs with long curves. */
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore, type Store } from "../packages/mosaic/src/store/index.ts";
import { dataEntry, netEntry, writeDatabase } from "../packages/mosaic/test/compare-test-database.ts";
import { exampleExperiment, exampleRun } from "../packages/mosaic/test/store-conformance-examples.ts";

/** Runs of each model. */
export const perModel = 100;

export function writeManyRuns(database: string, runs: number): Promise<void> {
  return writeDatabase(
    database,
    Array.from({ length: runs }, (_, index) => {
      const model = Math.floor(index / perModel);
      const loss = 1 / (1 + model) + ((index * 7919) % 1000) / 10_000;
      return {
        pipeline: [
          dataEntry("k_Data", { size: "1000", noise: "0.1" }),
          netEntry(model, { depth: String(model % 10), dropout: `0.${model % 7}`, key: `k_${model}` }),
        ],
        process: { lr: `1e-${1 + (model % 4)}`, epochs: "50", optimizer: "Adam" },
        repetition: index % perModel,
        results: {
          train_loss: loss * 0.9,
          test_loss: loss,
          nb_params: model * 10,
          "duration(s)": 1 + loss,
          epochs: 50,
          overfit: loss,
          trainability: loss,
          slope: -loss,
        },
      };
    }),
  );
}

/** Many points, and little else of each run. */
export async function writePoints(path: string, runs: number): Promise<void> {
  await (await openSqliteStore(path)).close();
  using database = new DatabaseSync(path);
  database.exec(`
    BEGIN;
    WITH RECURSIVE ids (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < ${runs})
    INSERT INTO runs SELECT id, 'done', 'Net', '' FROM ids;
    INSERT INTO run_results (run_id, train_loss, test_loss)
    SELECT run_id, (run_id * 7919 % 100003) / 100003.0, (run_id * 104729 % 99991) / 99991.0 + run_id / 1e6 FROM runs;
    COMMIT;
  `);
}

/** Test loss of a run at an epoch, in the language of JavaScript; `writeCurves` has the same in SQL. */
export const curveValue = "(run, epoch) => 1.1 / epoch + ((run * 104729 + epoch * 7919) % 1000) / 1e4";

export async function writeCurves(path: string, runs: number, epochs: number): Promise<void> {
  const store = await openSqliteStore(path);
  const experimentId = await store.createExperiment(exampleExperiment);
  await addRuns(store, experimentId, runs);
  await store.close();
  using database = new DatabaseSync(path);
  database.exec(`
    BEGIN;
    WITH RECURSIVE epochs (epoch) AS (SELECT 1 UNION ALL SELECT epoch + 1 FROM epochs WHERE epoch < ${epochs})
    INSERT INTO history (run_id, epoch, train_loss, test_loss, lr, seconds)
    SELECT run_id, epoch, 1.0 / epoch + (run_id * 7919 + epoch * 104729) % 1000 / 1e4,
      1.1 / epoch + (run_id * 104729 + epoch * 7919) % 1000 / 1e4, 0.001, 0.01
    FROM runs, epochs;
    COMMIT;
  `);
}

export function addRuns(store: Store, experimentId: number, runs: number): Promise<unknown> {
  return store.addRuns(
    experimentId,
    Array.from({ length: runs }, (_, index) => exampleRun({ identity: String(index) })),
  );
}
