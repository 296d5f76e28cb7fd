/** What a page may order: the commands that people give, each started as a process of its own. */
import type { ControlPlan } from "../wire/answers.ts";

export interface Order {
  readonly action: string;
  /** Such as `1-3,7`; of `rerun` alone. */
  readonly ids: string;
  readonly database: string;
}

export interface Controls {
  plan(order: Order): Promise<ControlPlan>;
  carryOut(order: Order): Promise<ControlPlan>;
}
