/** How much each option matters for the results of configurations. */
import { type GridResults, type Importance, optionImportance } from "@ml-mosaic/statistics";
import type { RankedOption } from "../charts/importance-chart.ts";
import type { VaryingOption } from "../charts/parallel-axes.ts";
import { scaleOf } from "../marks/scales.ts";
import type { Configurations } from "./configurations.ts";

export interface DataImportance {
  readonly of: Configurations;
  readonly isLogarithmic: boolean;
  /** undefined where all means are equal. */
  readonly importance: Importance | undefined;
  /** Options that cannot be told apart from another one, each with that one. */
  readonly aliases: readonly Alias[];
  /** By total, the greatest first. */
  readonly ranked: readonly (RankedOption & VaryingOption)[];
}

interface Alias {
  readonly name: string;
  readonly follows: string;
}

/** An option follows another one that every pipeline has, if that one's value says its own. */
function aliasesOf({ options, levels }: Configurations): readonly Alias[] {
  const aliases: Alias[] = [];
  const columnOf = (option: VaryingOption) => levels[options.indexOf(option)] ?? new Uint32Array();
  const says = (one: VaryingOption, other: VaryingOption) => {
    const [known, places] = [columnOf(one), columnOf(other)];
    const saidBy = new Map<number, number>();
    return known.every((level, index) => {
      const said = saidBy.get(level) ?? places[index] ?? 0;
      saidBy.set(level, said);
      return said === places[index];
    });
  };
  for (const option of options) {
    const isLeft = (name: string) => aliases.some((alias) => alias.name === name);
    const canLead = (other: VaryingOption) => other !== option && !isLeft(other.name) && !other.levels.includes(null);
    const leader = options.find((other) => canLead(other) && says(other, option));
    if (leader === undefined) continue;
    // Of two that say each other the first stays.
    const isFirst = options.indexOf(option) < options.indexOf(leader) && !option.levels.includes(null);
    if (!(isFirst && says(option, leader))) aliases.push({ name: option.name, follows: leader.name });
  }
  return aliases;
}

export function importanceOn(of: Configurations): DataImportance {
  const aliases = aliasesOf(of);
  const isTold = ({ name }: VaryingOption) => !aliases.some((alias) => alias.name === name);
  const options = of.options.filter(isTold);
  const columns = of.levels.filter((_, index) => of.options[index] !== undefined && isTold(of.options[index]));
  const results = of.configurations.flatMap(({ values }) => values[0]?.map(({ value }) => value) ?? []);
  // A few losses a thousand times the others' would be all that matters.
  const isLogarithmic = scaleOf(results).type === "log";
  const pipelines = of.configurations.map(
    ({ values }, index): GridResults => ({
      point: columns.map((column) => column[index] ?? 0),
      results: new Map(
        values[0]?.map(({ repetition, value }) => [repetition, isLogarithmic ? Math.log(value) : value]),
      ),
    }),
  );
  const importance = optionImportance(
    options.map(({ levels }) => ({
      levelCount: levels.length,
      isOrdered: levels.every((level) => typeof level !== "string"),
    })),
    pipelines,
  );
  const ranked = (importance?.options ?? []).flatMap((shares, index) => {
    const option = options[index];
    return option === undefined ? [] : [{ ...option, ...shares }];
  });
  return { of, isLogarithmic, importance, aliases, ranked: ranked.sort((one, other) => other.total - one.total) };
}
