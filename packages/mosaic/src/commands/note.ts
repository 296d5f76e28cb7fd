import { command } from "@ml-mosaic/command-line";
import { accept, boolean, int, path, refuse, schema, type Type, within } from "@ml-mosaic/configurable";
import { noSuchRun } from "../inspect/run-report.ts";
import { openSqliteStore } from "../store/index.ts";

const mostCharacters = 10_000;

/** What people write of a run. */
const noteText: Type<string> = {
  expected: `a text of up to ${mostCharacters} characters`,
  form: { kind: "string" },
  read(value) {
    const note = typeof value === "string" ? value.trim() : "";
    return note !== "" && note.length <= mostCharacters ? accept(note) : refuse(value, noteText.expected);
  },
};

export const noteCommand = command({
  name: "note",
  summary: "Write a note on a run, in the place of the one before, or take it away.",
  arguments: {
    database_file: schema(path, { help: "database that holds the run (.db)" }),
    run_id: schema(within(int, { minimum: 0 }), { help: "id of the run" }),
    text: schema(noteText, { optional: true, help: "the note" }),
  },
  options: { delete: schema(boolean, { help: "take the note away" }) },
  preconditions(given) {
    if (given.delete && given.text !== undefined) return { option: "delete", message: "goes without a text" };
    if (!given.delete && given.text === undefined) return "say what the note is to be, or --delete to take it away";
    return undefined;
  },
  examples: ['mosaic note results.db 7 "diverged: the learning rate"', "mosaic note results.db 7 --delete"],
  async run(given, { out, err }) {
    const store = await openSqliteStore(given.database_file, { create: false, say: (line) => err(`${line}\n`) });
    try {
      for (const notice of store.notices) err(`${notice}\n`);
      const { run_id: runId, text } = given;
      if ((await store.runIds({ runIds: [runId] })).length === 0) throw await noSuchRun(store, runId);
      const had = await store.setNote(runId, text);
      const what =
        text === undefined ? (had ? "its note is gone" : "it had no note") : had ? "its note is another" : "noted";
      out(`run ${runId}: ${what}\n`);
      return 0;
    } finally {
      await store.close();
    }
  },
});
