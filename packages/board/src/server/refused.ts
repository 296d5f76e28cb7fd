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
