/** What the server and the process that runs a model tell each other. */
import type { NamedValues } from "../../wire/prediction.ts";
import type { InputValues } from "./input-values.ts";

export interface PredictionOrder {
  /** The ONNX file. */
  readonly model: string;
  readonly inputs:
    | readonly InputValues[]
    | { readonly database: string; readonly runId: number; readonly sample: number };
}

export type PredictionReport =
  | {
      readonly kind: "said";
      readonly inputs: readonly NamedValues[];
      readonly outputs: readonly NamedValues[];
      readonly target: NamedValues | null;
    }
  | { readonly kind: "failed"; readonly message: string };
