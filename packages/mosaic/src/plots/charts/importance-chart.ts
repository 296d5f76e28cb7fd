/** How much each option matters: its share of the variance, alone and with its interactions. */
import type { OptionImportance } from "@ml-mosaic/statistics";
import { shareAxis } from "../marks/axes.ts";
import { bars, rules } from "../marks/marks.ts";
import { ink, palette } from "../marks/style.ts";
import { shortLabels } from "../text/fit-text.ts";
import type { Title } from "../text/title.ts";
import type { Chart } from "./chart.ts";

export interface RankedOption extends OptionImportance {
  readonly name: string;
}

const kinds = ["alone", "with interactions"] as const;
const longestLabel = 28;

/** @param ranked the greatest first */
export function importanceChart(title: Title, ranked: readonly RankedOption[], xTitle: string): Chart {
  const names = ranked.map(({ name }) => name);
  const labels = shortLabels(names, longestLabel);
  const rows = ranked.flatMap(({ name, alone, total, aloneInterval, totalInterval }) => {
    const row = (kind: string, share: number, interval: typeof aloneInterval) => ({
      option: labels.get(name),
      kind,
      share,
      low: interval?.low ?? null,
      high: interval?.high ?? null,
    });
    return [row(kinds[0], alone, aloneInterval), row(kinds[1], total, totalInterval)];
  });
  const scale = { domain: [...kinds], range: [palette[0], palette[5]] };
  const legend = { orient: "top", direction: "horizontal", symbolType: "square", offset: 2 } as const;
  const color = { field: "kind", type: "nominal", title: null, scale, legend } as const;
  return {
    title,
    encoding: {
      ...optionChannels([...labels.values()]),
      x: { field: "share", ...shareAxis(xTitle, { format: ".0%" }) },
    },
    layer: [
      bars(rows, { color }),
      rules(
        rows.filter(({ low }) => low !== null),
        { x: "low", x2: "high" },
        { color: ink },
      ),
    ],
  };
}

/** A row for each option, in which its kinds are one below the other. */
function optionChannels(sort: string[]) {
  const axis = { domain: false, ticks: false, labelLimit: 220, grid: false } as const;
  const scale = { paddingInner: 0.3, paddingOuter: 0.15 };
  return {
    y: { field: "option", type: "nominal", title: null, sort, scale, axis },
    yOffset: { field: "kind", type: "nominal", sort: [...kinds] },
  } as const;
}
