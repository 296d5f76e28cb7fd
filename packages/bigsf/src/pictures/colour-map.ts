export type Colour = readonly [red: number, green: number, blue: number];

/**
 * Eleven points of matplotlib's inferno (Smith and van der Walt 2015, CC0): dark to bright evenly to the eye, also for
 * the colour-blind.
 */
const INFERNO: readonly Colour[] = [
  [0, 0, 4],
  [22, 11, 57],
  [66, 10, 104],
  [106, 23, 110],
  [147, 38, 103],
  [188, 55, 84],
  [221, 81, 58],
  [243, 120, 25],
  [252, 165, 10],
  [246, 215, 70],
  [252, 255, 164],
];
const GREY: readonly Colour[] = [
  [255, 255, 255],
  [40, 40, 40],
];

/** `inferno` for maps by themselves; `grey`, dark on white, under coloured areas. */
export type ColourMapName = "inferno" | "grey";

/** 256 colours, as red, green, blue one after the other. */
export function colourTable(name: ColourMapName): Uint8Array {
  const stops = name === "inferno" ? INFERNO : GREY;
  return Uint8Array.from({ length: 256 * 3 }, (_, i) => {
    const place = (Math.floor(i / 3) / 255) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(place));
    const channel = i % 3;
    const [from, to] = [stops[below]?.[channel] ?? 0, stops[below + 1]?.[channel] ?? 0];
    return Math.round(from + (place - below) * (to - from));
  });
}

export function colourOf(text: string): Colour {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
  return [red, green, blue];
}

/** Colours that the colour-blind tell apart: Okabe and Ito, Color universal design (2008), and mixtures of them. */
export const PALETTE = [
  "#0072b2",
  "#e69f00",
  "#009e73",
  "#d55e00",
  "#cc79a7",
  "#56b4e9",
  "#f0e442",
  "#6a3d9a",
  "#7f7f7f",
  "#8c510a",
] as const;
