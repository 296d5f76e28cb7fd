import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "@ml-mosaic/testing";
import { expect, test } from "vitest";
import { netEntry, writeDatabase } from "../../../mosaic/test/compare-test-database.ts";
import { answers } from "./answers.ts";
import { BoardDatabase } from "./board-database.ts";
import { LengthyAnswers } from "./lengthy-answers.ts";

test("a thread says what the server itself would, once for all who ask in one state, and refuses what it would", async () => {
  const path = join(temporaryFolder(), "or.db");
  const runs = [4, 8].flatMap((width) =>
    Array.from({ length: 5 }, (_, repetition) => ({
      pipeline: [netEntry(width)],
      repetition,
      results: { test_loss: 1 / width + 0.01 * repetition, nb_params: width },
    })),
  );
  await writeDatabase(path, runs);
  const lengthy = new LengthyAnswers(path);
  const database = await BoardDatabase.open(path);
  const facts = { databases: [path], mayControl: false };
  for (const [name, query] of [
    ["verdicts", "result=test_loss&where=repetition+%3C+4"],
    ["importance", "result=test_loss"],
    ["pareto", "x=nb_params&y=test_loss"],
  ] as const) {
    const said = await answers[name]?.({ database, facts, query: new URLSearchParams(query), rest: "" });
    const [text, again] = await Promise.all([lengthy.ask(name, query, 1), lengthy.ask(name, query, 1)]);
    expect(JSON.parse(text)).toEqual(said);
    expect(again).toBe(text);
  }
  await expect(lengthy.ask("pair", "one=nobody&other=nothing", 1)).rejects.toMatchObject({ status: 404 });
  await expect(lengthy.ask("verdicts", "where=nothing+%3D", 1)).rejects.toMatchObject({ status: 400 });
  // What has failed is asked again.
  const file = new DatabaseSync(path);
  file.exec("ALTER TABLE run_results RENAME TO elsewhere");
  const failed = lengthy.ask("pareto", "x=nb_params&y=test_loss", 3);
  await expect(failed).rejects.toMatchObject({ status: expect.toSatisfy((status: number) => status >= 500) });
  file.exec("ALTER TABLE elsewhere RENAME TO run_results");
  file.close();
  expect(JSON.parse(await lengthy.ask("pareto", "x=nb_params&y=test_loss", 3))).toHaveProperty("points");
  // What it is asked when it ends gets an answer, too.
  const last = expect(lengthy.ask("verdicts", "", 2)).rejects.toMatchObject({ status: 503 });
  await lengthy.close();
  await last;
  await database.close();
});
