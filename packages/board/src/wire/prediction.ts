/**
 * What a run's model says of values: POST `api/predict/ID` with a form, of which `input.NAME` has the numbers of each
 * input as they were typed, or `sample` the place of a sample that the run was evaluated on.
 */

export interface NamedValues {
  readonly name: string;
  readonly shape: readonly number[];
  /** The first of them; what JSON has no number for is a text. */
  readonly values: readonly (number | string)[];
  readonly count: number;
}

export interface Prediction {
  readonly inputs: readonly NamedValues[];
  readonly outputs: readonly NamedValues[];
  /** What the sample should give. */
  readonly target: NamedValues | null;
}
