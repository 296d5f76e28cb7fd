import type { Refusal } from "../wire/answers.ts";

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
