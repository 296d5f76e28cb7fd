import { errorCode } from "@ml-mosaic/base";
import { MosaicError, StoreError } from "ml-mosaic/reading";
import type { Refusal } from "../wire/answers.ts";

/** That something cannot be said of these runs is an answer: browsers report every other status as a failure. */
export const nothingToSay = 200;

/** A question that has no answer: what the page is told instead. */
export class Refused extends Error {
  readonly status: number;
  readonly problem: Refusal["problem"];

  constructor(status: number, problem: Refusal["problem"]) {
    super(problem.message);
    this.status = status;
    this.problem = problem;
  }
}

/** What is told of an error; one that nobody foresaw is shown in the terminal. */
export function refusalOf(error: unknown): Pick<Refused, "status" | "problem"> {
  if (error instanceof Refused) return error;
  if (error instanceof MosaicError) return { status: nothingToSay, problem: { message: error.message } };
  if (error instanceof StoreError) return { status: 503, problem: { message: error.message } };
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return {
    status: 500,
    problem: {
      message: `the board has met an error of its own (${errorCode(error) ?? "no code"}); its terminal shows it`,
    },
  };
}
