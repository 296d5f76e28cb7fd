/** What a condition says, as plain data: `status = error and MLP.depth > 2`. */

export const relations = ["=", "!=", "<", "<=", ">", ">="] as const;

export type Relation = (typeof relations)[number];

export interface ConditionName {
  readonly name: string;
  /** Where it stands in the text, counted from 1. */
  readonly at: number;
}

export interface ConditionValue {
  readonly text: string;
  /** In quotes, so that it is a text, whatever it looks like. */
  readonly isQuoted: boolean;
  readonly at: number;
}

export type Condition =
  | { readonly kind: "or" | "and"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
      readonly kind: "comparison";
      readonly name: ConditionName;
      readonly relation: Relation;
      readonly value: ConditionValue;
    }
  | { readonly kind: "in"; readonly name: ConditionName; readonly values: readonly ConditionValue[] };
