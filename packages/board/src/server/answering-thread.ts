/** The thread of `lengthy-answers.ts`: answers questions about one database, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { answers } from "./answers.ts";
import { BoardDatabase } from "./board-database.ts";
import type { ThreadAnswer, ThreadQuestion } from "./lengthy-answers.ts";
import { refusalOf } from "./refused.ts";

const database = await BoardDatabase.open(String(workerData));

async function answered({ number, name, query }: ThreadQuestion): Promise<ThreadAnswer> {
  try {
    const facts = { databases: [database.location], mayControl: false };
    const said = await answers[name]?.({ database, facts, query: new URLSearchParams(query), rest: "" });
    return { number, text: JSON.stringify(said) };
  } catch (error) {
    // An error as such would arrive without what it says.
    const { status, problem } = refusalOf(error);
    return { number, refusal: { status, problem } };
  }
}

let last = Promise.resolve();
parentPort?.on("message", (question: ThreadQuestion) => {
  last = last.then(async () => parentPort?.postMessage(await answered(question)));
});
