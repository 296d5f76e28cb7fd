import type { metrics } from "@ml-mosaic/tensor";
import { labelledPixels } from "../labelled/labelled-pixels.ts";
import { shareText } from "../maps/map-tally.ts";
import { found } from "./threshold.ts";

/** Names of the figures that stand beside scores: what share they speak of, and what is said of the rest. */
export const labelFigureNames = { labelled: "labelled", unlabelledFound: "unlabelled_found" } as const;

/** Scores count labelled pixels only. These say how many those are, and what is found among the others. */
export const labelFigures: readonly metrics.Metric[] = [
  share(labelFigureNames.labelled, (_found, labelled) => [labelled, labelled.mul(0).add(1)]),
  share(labelFigureNames.unlabelledFound, (found, labelled) => {
    const others = labelled.neg().add(1);
    return [found.mul(others), others];
  }),
];

type Pixels = ReturnType<typeof found>;

function share(
  name: string,
  of: (found: Pixels, labelled: Pixels) => readonly [part: Pixels, whole: Pixels],
): metrics.Metric {
  return {
    name,
    isShare: true,
    join: "sum",
    step(prediction, target) {
      const { logits, labelled } = labelledPixels(`the figure ${name}`, prediction, target);
      const [part, whole] = of(found(logits, 0.5), labelled);
      return { part: part.sum(), whole: whole.sum() };
    },
    result: ({ part, whole }) => (part?.[0] ?? 0) / (whole?.[0] ?? 0),
  };
}

/**
 * "Labels cover 17.2 % of the pixels; of the rest, of which nobody knows, 53.0 % are called filament."
 *
 * @param labelled @param unlabelledFound shares; the second is NaN where there is no rest
 */
export function labelText(labelled: number, unlabelledFound: number): string {
  const rest = Number.isNaN(unlabelledFound)
    ? "there is no rest"
    : `of the rest, of which nobody knows, ${shareText(unlabelledFound, 1)} are called filament`;
  return `Labels cover ${shareText(labelled, 1)} of the pixels; ${rest}.`;
}

/** The sentence where nothing is predicted. */
export function labelledNote(labelled: number): string {
  return `Labels cover ${shareText(labelled, 1)} of the pixels; of the rest nobody knows.`;
}
