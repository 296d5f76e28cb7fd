/** A digest of what is stored of a done run, which tells whether it is still what was written. */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { storedInteger, textOrNullIn } from "./stored-value.ts";

/** Named columns in a fixed order: a later schema must not change what these give. */
const parts = [
  "SELECT pipeline, return_status FROM runs WHERE run_id = ?",
  "SELECT repetition, seed FROM run_details WHERE run_id = ?",
  "SELECT param_name, param_value FROM params WHERE run_id = ? ORDER BY param_name, param_value",
  `SELECT train_loss, test_loss, train_acc, test_acc, nb_params, "duration(s)", epochs, overfit, trainability, slope
   FROM run_results WHERE run_id = ?`,
  "SELECT name, value FROM run_metrics WHERE run_id = ? ORDER BY name",
  `SELECT epoch, train_loss, test_loss, train_acc, test_acc, lr, seconds, metrics FROM history
   WHERE run_id = ? ORDER BY epoch`,
] as const;

/** Characters. */
const mostHeld = 2 ** 16;

export type RunDigests = ReturnType<typeof prepareRunDigests>;

export function prepareRunDigests(database: DatabaseSync) {
  const statements = parts.map((sql) => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  });
  const stored = database.prepare("SELECT sha256 FROM run_digests WHERE run_id = ?");
  return {
    of(runId: number): string {
      const hash = createHash("sha256");
      // Many rows at once: giving each to the hash costs more than digesting it.
      let text = "";
      for (const statement of statements) {
        // Numbers in their shortest text, which is exact; an infinity has one too.
        for (const row of statement.iterate(storedInteger(runId))) {
          text += `${JSON.stringify(Object.values(row).map((value) => (value === null ? null : String(value))))}\n`;
          if (text.length < mostHeld) continue;
          hash.update(text);
          text = "";
        }
        text += "\n";
      }
      return hash.update(text).digest("hex");
    },
    /** undefined where none was stored. */
    stored: (runId: number): string | undefined =>
      textOrNullIn(stored.get(storedInteger(runId)) ?? {}, "sha256") ?? undefined,
  };
}
