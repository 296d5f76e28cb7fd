/** The page's colours for canvases, which have no style sheet. */

export interface Theme {
  readonly paper: string;
  readonly ink: string;
  readonly faint: string;
  readonly grid: string;
  readonly other: string;
  readonly accent: string;
  readonly good: string;
  readonly bad: string;
  /** Of what is told apart, in their order. */
  readonly series: readonly string[];
  readonly isDark: boolean;
}

const single = ["paper", "ink", "faint", "grid", "other", "accent", "good", "bad"] as const;
const series = [1, 2, 3, 4, 5, 6, 7].map((index) => `series-${index}`);

/** What the page knows to be a colour is had as the one of the scheme that applies, not as both. */
export function registerColors(): void {
  for (const name of [...single, ...series])
    CSS.registerProperty({ name: `--${name}`, syntax: "<color>", inherits: true, initialValue: "#000000" });
}

export function themeOf(element: Element): Theme {
  const style = getComputedStyle(element);
  const color = (name: string) => {
    const [red = 0, green = 0, blue = 0] = style.getPropertyValue(`--${name}`).match(/\d+/g)?.map(Number) ?? [];
    return hexOf([red, green, blue]);
  };
  const { colorScheme } = style;
  const isSystemDark = matchMedia("(prefers-color-scheme: dark)").matches;
  return {
    paper: color("paper"),
    ink: color("ink"),
    faint: color("faint"),
    grid: color("grid"),
    other: color("other"),
    accent: color("accent"),
    good: color("good"),
    bad: color("bad"),
    series: series.map(color),
    isDark: colorScheme === "dark" || (colorScheme !== "light" && isSystemDark),
  };
}

/** As `#rrggbb`. */
export function hexOf(color: readonly [red: number, green: number, blue: number]): string {
  return `#${color.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}

export const markFont =
  '12px "Source Sans 3", "Source Sans Pro", system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif';

export function seriesColor({ series }: Theme, index: number): string {
  return series[index % series.length] ?? "#0072b2";
}

/** Viridis, from dark to light as the numbers rise; on dark paper its darkest part would not be seen. */
const viridis = [
  [68, 1, 84],
  [71, 44, 122],
  [59, 81, 139],
  [44, 113, 142],
  [33, 144, 141],
  [39, 173, 129],
  [92, 200, 99],
  [170, 220, 50],
  [253, 231, 37],
] as const;

/** @param at from 0 to 1 */
export function rampColor(at: number, { isDark }: Pick<Theme, "isDark">): readonly [number, number, number] {
  const place = Math.min(1, Math.max(0, at)) * 0.82 + (isDark ? 0.18 : 0);
  const scaled = Math.min(0.99999, place) * (viridis.length - 1);
  const index = Math.floor(scaled);
  const share = scaled - index;
  const [one = viridis[0], other = one] = [viridis[index], viridis[index + 1]];
  const mixed = (channel: 0 | 1 | 2) => Math.round(one[channel] * (1 - share) + other[channel] * share);
  return [mixed(0), mixed(1), mixed(2)];
}

export function rampText(at: number, theme: Theme): string {
  const [red, green, blue] = rampColor(at, theme);
  return `rgb(${red} ${green} ${blue})`;
}

const stops = [0, 0.25, 0.5, 0.75, 1];

/** For style sheets: from the first to the last colour, of the scheme that applies. */
export const rampGradient = `linear-gradient(90deg, ${stops
  .map((at) => `light-dark(${hexOf(rampColor(at, { isDark: false }))}, ${hexOf(rampColor(at, { isDark: true }))})`)
  .join(", ")})`;
