import type { Direction } from "@ml-mosaic/statistics";

/** A number that a run ends with. What a table, an axis, a ranking or a note has to know of it is said here, once. */
export interface Figure {
  /** As it is stored, and as users write it. */
  readonly name: string;
  /** As it is called in prose and on axes. */
  readonly title: string;
  readonly unit?: string;
  /** What it is, where its title does not say it. */
  readonly meaning?: string;
  readonly whole?: boolean;
  /** A number of the model, which repetitions do not change. */
  readonly fixed?: boolean;
  /** Positive by its nature, so that it is compared by ratios: on the logarithmic scale. */
  readonly scale?: "log";
  /** It is a share of so much: 1 for a fraction, 100 for per cent. */
  readonly shareOf?: number;
  /** Which values are better; absent where neither are. */
  readonly direction?: Direction;
  /** The data by which it judges a model. */
  readonly judges?: "train" | "test";
  /** What has to be known before one chooses by it. */
  readonly caution?: string;
}

/** The direction in which it is ranked. */
export function rankDirection({ direction = "lower" }: Figure): Direction {
  return direction;
}
