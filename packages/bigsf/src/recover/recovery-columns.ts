/** What a recovery says of each filament of a catalogue. */
import type { CatalogueColumn } from "../catalogue/columns.ts";
import type { MeasuredFilament } from "../catalogue/filament.ts";
import { completenessAt } from "./completeness.ts";
import type { Chance } from "./logistic.ts";
import { probabilityOf, type Traits } from "./purity.ts";
import type { Recovery } from "./recovery-file.ts";

/** @param map digest of the catalogue's map: filaments of the map that was judged are judged by the others */
export function recoveryColumns(
  { completeness, purity, map: judgedMap }: Recovery,
  map: string,
  contrastOf: (filament: MeasuredFilament) => number | undefined,
): readonly CatalogueColumn[] {
  const isOwnMap = map === judgedMap;
  const traits = purity?.traits;
  const reason = purity === undefined ? "nobody has looked where there are none" : "too few of either kind are known";
  const missing = traits === undefined ? `; null: ${reason}` : "";
  return [
    ...withInterval(
      "completeness",
      "Share of filaments as high and as wide as it that are found, by injected ones",
      (filament) => {
        const [contrast, width] = [contrastOf(filament), filament.profile?.width.value];
        if (contrast === undefined || width === undefined || !(contrast > 0 && width > 0)) return undefined;
        return completenessAt(completeness, contrast, width);
      },
    ),
    ...withInterval(
      "filament_probability",
      `How probable it is that it is a filament, by its contrast, width and mean probability${missing}`,
      (filament) => traits && probabilityOf(traits, traitsOf(filament, contrastOf), isOwnMap),
    ),
  ];
}

export function traitsOf(
  filament: MeasuredFilament,
  contrastOf: (filament: MeasuredFilament) => number | undefined,
): Traits {
  const { centre, profile, probability } = filament;
  return { x: centre.x, y: centre.y, contrast: contrastOf(filament), width: profile?.width.value, probability };
}

function withInterval(
  name: string,
  description: string,
  of: (filament: MeasuredFilament) => Chance | undefined,
): readonly CatalogueColumn[] {
  const column = (suffix: string, told: string, part: keyof Chance): CatalogueColumn => ({
    name: `${name}${suffix}`,
    type: "double",
    unit: "",
    ucd: part === "value" ? "stat.probability" : `stat.${part === "low" ? "min" : "max"};stat.probability`,
    description: told,
    of: (filament) => of(filament)?.[part],
  });
  return [
    column("", description, "value"),
    column("_low", `Lower end of the 95 % interval of ${name}`, "low"),
    column("_high", `Upper end of the 95 % interval of ${name}`, "high"),
  ];
}
