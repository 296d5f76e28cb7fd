/** From column densities to masses. */

/** Of a hydrogen atom, in grams. */
const hydrogenGrams = 1.67353284e-24;
const solarGrams = 1.988409871e33;
const parsecCentimetres = 3.085677581491367e18;

/**
 * How many per square centimetre a unit of BUNIT stands for; undefined where it is no column density. Known are powers of cm
 * and m, with a factor as in `10**20 cm**-2`, and as in `1E21 cm-2`.
 */
export function perSquareCentimetre(unit: string): number | undefined {
  const text = unit.trim().replace(/\s+/g, " ");
  const pattern =
    /^(?:(?:10 ?(?:\*\*|\^) ?\(?\+?(\d+)\)?|(\d+(?:\.\d*)?(?:E\+?\d+)?)) ?[*.]? ?)?(?:(?:H2|N|molecules?|atoms?|particles?) ?[/ ] ?)?(?:1 ?\/ ?)?(cm|m)(?:(?:\*\*|\^)?\(?(-?2)\)?)$/i;
  const [, power, factor, length, exponent] = pattern.exec(text.replace(/^\/ ?/, "1/")) ?? [];
  if (length === undefined) return undefined;
  // 1 / cm2 and cm-2 are one, cm2 alone is an area.
  if (exponent === "2" && !/\/ ?(?:cm|m)/i.test(text)) return undefined;
  const scale = power === undefined ? Number(factor ?? 1) : 10 ** Number(power);
  return scale * (length.toLowerCase() === "m" ? 1e-4 : 1);
}

export interface LineMassParts {
  /** Column density over the background, summed across the filament: per square centimetre, times radians. */
  readonly acrossRadians: number;
  /** Parsecs. */
  readonly distance: number;
  /** Mean mass of a counted particle in hydrogen atoms: 2.8 of a hydrogen molecule with its share of helium. */
  readonly meanMolecularWeight: number;
}

/** Solar masses a parsec. */
export function massPerLength({ acrossRadians, distance, meanMolecularWeight }: LineMassParts): number {
  const centimetres = acrossRadians * distance * parsecCentimetres;
  return (meanMolecularWeight * hydrogenGrams * centimetres * parsecCentimetres) / solarGrams;
}
