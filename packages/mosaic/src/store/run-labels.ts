/** Tags and notes, which people give to runs. */
import type { DatabaseSync } from "node:sqlite";
import { StoreError } from "./store-error.ts";
import { integerIn, storedInteger, textIn } from "./stored-value.ts";

export function prepareRunLabels(database: DatabaseSync) {
  const tags = database.prepare("SELECT tag FROM tags WHERE run_id = ? ORDER BY tag");
  const note = database.prepare("SELECT note FROM notes WHERE run_id = ?");
  const notes = database.prepare("SELECT run_id, note FROM notes");
  const counts = database.prepare("SELECT tag, count(*) AS runs FROM tags GROUP BY tag ORDER BY tag");
  const tagged = database.prepare("SELECT run_id FROM tags WHERE tag = ? ORDER BY run_id");
  return {
    tagsOf: (runId: number) => tags.all(storedInteger(runId)).map((row) => textIn(row, "tag")),
    noteOf(runId: number): string | undefined {
      const row = note.get(storedInteger(runId));
      return row && textIn(row, "note");
    },
    notes: () => new Map(notes.iterate().map((row) => [integerIn(row, "run_id"), textIn(row, "note")])),
    counts: () => new Map(counts.all().map((row) => [textIn(row, "tag"), integerIn(row, "runs")])),
    taggedWith: (tag: string) => tagged.all(tag).map((row) => integerIn(row, "run_id")),
  };
}

/** Belongs into a transaction. Returns how many of the runs had no such tag, or, where it is taken away, had it. */
export function setTagIn(database: DatabaseSync, tag: string, runIds: Iterable<number>, isOn: boolean): number {
  const change = database.prepare(
    isOn ? "INSERT OR IGNORE INTO tags (tag, run_id) VALUES (?, ?)" : "DELETE FROM tags WHERE tag = ? AND run_id = ?",
  );
  let changed = 0;
  for (const runId of runIds) {
    requireRun(database, runId);
    changed += Number(change.run(tag, storedInteger(runId)).changes);
  }
  return changed;
}

/** Belongs into a transaction. Returns whether there was a note before. */
export function setNoteIn(database: DatabaseSync, runId: number, note: string | undefined): boolean {
  requireRun(database, runId);
  const id = storedInteger(runId);
  const had = database.prepare("DELETE FROM notes WHERE run_id = ?").run(id).changes > 0;
  if (note !== undefined) database.prepare("INSERT INTO notes (run_id, note) VALUES (?, ?)").run(id, note);
  return had;
}

function requireRun(database: DatabaseSync, runId: number): void {
  if (database.prepare("SELECT 1 FROM runs WHERE run_id = ?").get(storedInteger(runId)) === undefined)
    throw new StoreError("STORE_RUN_STATE", `there is no run ${runId}`);
}
