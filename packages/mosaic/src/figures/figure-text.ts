/** How a figure is called where people read it. */
import type { Figure } from "./figure.ts";

/** For an axis: "test accuracy (%)". */
export function axisTitle({ title, unit, meaning }: Figure): string {
  return withNote(title, unit ?? meaning);
}

/** The same for the axis of a small chart. */
export function shortAxisTitle({ title, unit }: Figure): string {
  return withNote(title, unit);
}

function withNote(title: string, note: string | undefined): string {
  return note === undefined ? title : `${title} (${note})`;
}

/** "lower is better", where that can be said. */
export function directionNote({ direction }: Figure): string | undefined {
  return direction && `${direction} is better`;
}

/** What has to be known before one chooses a model by it. */
export function choiceNote({ judges, caution }: Figure): string | undefined {
  if (caution !== undefined) return caution;
  switch (judges) {
    case "test":
      // What was chosen on the test set looks better on the test set than it is.
      return "The models are ranked on the test set. If you choose one by this table, its figure here is too good: measure it anew on data that had no part in the choice.";
    case "train":
      return "This is about the training data: it says how well a model fits, not how it does on new data.";
    case undefined:
      return undefined;
    default:
      return judges satisfies never;
  }
}
