/** Databases of invented results for tests: as the store makes them, filled all at once. */
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore } from "../src/store/index.ts";
import { seedColumns } from "../src/store/seed-columns.ts";

export interface InventedRun {
  readonly pipeline: readonly Readonly<Record<string, string>>[];
  readonly process?: Readonly<Record<string, string>>;
  readonly repetition: number;
  /** When it was ordered and had ended; by default all were ordered at 0, before any had ended at 1. */
  readonly orderedAt?: number;
  readonly endedAt?: number;
  readonly status?: string;
  readonly dataDigest?: string;
  /** By column; `NaN` is stored as the store does. */
  readonly results?: Readonly<Record<string, number>>;
}

export async function writeDatabase(path: string, runs: readonly InventedRun[]): Promise<void> {
  const store = await openSqliteStore(path);
  await store.createExperiment({ configuration: "{}", engineVersion: "test", machineJson: "{}" });
  await store.close();
  const database = new DatabaseSync(path);
  const param = database.prepare("INSERT INTO params VALUES (?, ?, ?)");
  const run = database.prepare("INSERT INTO runs VALUES (?, ?, ?, ?)");
  const details = database.prepare(
    "INSERT INTO run_details (run_id, experiment_id, identity, repetition, seed, created_at, ordered_at, finished_at, data_digest) VALUES (?, 1, '', ?, ?, ?, ?, ?, ?)",
  );
  const columns = seedColumns.map(({ name }) => name);
  const result = database.prepare(`INSERT INTO run_results VALUES (?, ${columns.map(() => "?").join(", ")})`);
  database.exec("BEGIN");
  for (const [
    index,
    {
      pipeline,
      process = {},
      repetition,
      orderedAt = 0,
      endedAt = 1,
      status = "done",
      dataDigest = null,
      results = {},
    },
  ] of runs.entries()) {
    const id = index + 1;
    run.run(id, status, "", "");
    param.run(id, "pipeline", JSON.stringify(pipeline));
    for (const module of pipeline) {
      for (const [name, value] of Object.entries(module))
        if (!["type", "class", "key", "path_to_class", "name"].includes(name))
          param.run(id, `${module.class}_${name}`, value);
      param.run(id, `${module.type}_key`, module.key ?? "");
    }
    for (const [name, value] of Object.entries({ lr: "1e-3", data_scheme: "data", pipeline_scheme: "net", ...process }))
      param.run(id, name, value);
    const hasEnded = status === "done" || status === "error";
    details.run(id, repetition, 1000 + repetition, orderedAt, orderedAt, hasEnded ? endedAt : null, dataDigest);
    const values = columns.map((column) => results[column] ?? null);
    if (status === "done") result.run(id, ...values.map((value) => (Number.isNaN(value) ? "NaN" : value)));
  }
  database.exec("COMMIT");
  database.close();
}

export function dataEntry(key: string, options: Readonly<Record<string, string>> = {}) {
  return { type: "data", class: "Data", path_to_class: "./data.ts", ...options, key, name: "DATA" };
}

export function netEntry(width: number, changes: Readonly<Record<string, string>> = {}) {
  const { class: name = "Net" } = changes;
  return {
    type: "net",
    class: name,
    path_to_class: "./net.ts",
    width: String(width),
    key: `k_${name}`,
    name: "NET",
    ...changes,
  };
}
