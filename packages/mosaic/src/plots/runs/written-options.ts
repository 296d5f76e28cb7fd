/** The options that pipelines have written, in columns: of each option that differs, where each pipeline has its value. */
import { valueText } from "@ml-mosaic/configurable";
import { foldOption } from "../../compare/pipeline-parts.ts";
import { type ModuleSpec, shownName, shownOptions } from "../../pipelines/pipeline.ts";
import type { OptionValue, VaryingOption } from "../charts/parallel-axes.ts";
import { compareX } from "../charts/series.ts";
import type { PlotRun } from "./plot-runs.ts";

export interface PlacedOption extends VaryingOption {
  /** `model mlp.width`, `training .lr` */
  readonly id: string;
  /** For each pipeline the place of its value among the levels. */
  readonly places: Uint32Array;
}

interface Column {
  /** With their numbers, from 1: 0 is none. */
  readonly texts: Map<string, number>;
  /** undefined while all pipelines so far, which are `same`, have the first text. */
  numbers: Uint32Array | undefined;
  same: number;
}

export class WrittenOptions {
  readonly #count: number;
  /** By the ids of the options, in the order in which they first occur. */
  readonly #columns = new Map<string, Column>();
  readonly #ofModule = new Map<ModuleSpec, readonly Written[]>();

  constructor(count: number) {
    this.#count = count;
  }

  /** @param index one more than the last one's */
  add(index: number, { parts: { data, model, training } }: PlotRun): void {
    for (const [kind, modules] of Object.entries({ data, model }))
      for (const [stage, module] of named(modules))
        for (const [option, text] of this.#writtenIn(module))
          if (kind === "model" || option !== foldOption) this.#set(`${kind} ${stage}.${option}`, index, text);
    for (const [option, text] of Object.entries(training)) this.#set(`training .${option}`, index, text);
  }

  /** Its class is one of the options of a stage. */
  #writtenIn(module: ModuleSpec): readonly Written[] {
    const known = this.#ofModule.get(module);
    if (known !== undefined) return known;
    const options = Object.entries(shownOptions(module)).map(([option, text]): Written => [option, valueText(text)]);
    const written: readonly Written[] = [["class", shownName(module)], ...options];
    this.#ofModule.set(module, written);
    return written;
  }

  #set(id: string, index: number, text: string): void {
    const column = this.#columns.get(id) ?? { texts: new Map(), numbers: undefined, same: 0 };
    this.#columns.set(id, column);
    const number = column.texts.get(text) ?? column.texts.size + 1;
    column.texts.set(text, number);
    if (column.numbers === undefined && number === 1 && column.same === index) column.same++;
    else {
      column.numbers ??= new Uint32Array(this.#count).fill(1, 0, column.same);
      column.numbers[index] = number;
    }
  }

  /** To be called when all have been added. */
  varying(): readonly PlacedOption[] {
    const names = namesOf([...this.#columns.keys()]);
    return [...this.#columns].flatMap(([id, column]) => {
      const numbers = column.numbers ?? new Uint32Array(this.#count).fill(1, 0, column.same);
      const levels = levelsOf([...column.texts.keys()], numbers.includes(0));
      return levels.all.length < 2
        ? []
        : [
            {
              id,
              name: names.get(id) ?? id,
              levels: levels.all,
              places: numbers.map((number) => levels.placeOf(number)),
            },
          ];
    });
  }
}

type Written = readonly [option: string, text: string];

function levelsOf(texts: readonly string[], isMissing: boolean) {
  const isNumeric = texts.every((text) => text.trim() !== "" && !Number.isNaN(Number(text)));
  const values = [...(isMissing ? [null] : []), ...texts.map((text) => (isNumeric ? Number(text) : text))];
  const all = [...new Set<OptionValue>(values)].sort(compareLevels);
  const places = new Map(all.map((level, place) => [level, place]));
  const ofText = texts.map((text) => places.get(isNumeric ? Number(text) : text) ?? 0);
  const placeOf = (number: number) => (number === 0 ? 0 : (ofText[number - 1] ?? 0));
  return { all, placeOf };
}

function compareLevels(one: OptionValue, other: OptionValue): number {
  if (one === null || other === null) return Number(one !== null) - Number(other !== null);
  return compareX(one, other);
}

/** Stages by their type; the second of a type is `type 2`. */
function named(modules: readonly ModuleSpec[]): readonly (readonly [string, ModuleSpec])[] {
  const counts = new Map<string, number>();
  return modules.map((module) => {
    const { type } = module;
    const count = (counts.get(type) ?? 0) + 1;
    counts.set(type, count);
    return [count === 1 ? type : `${type} ${count}`, module];
  });
}

/** For each id the shortest name that is no other's: the option's own, or with its stage. */
function namesOf(ids: readonly string[]): ReadonlyMap<string, string> {
  const partsOf = (id: string) => {
    const dot = id.indexOf(".");
    return [id.slice(id.indexOf(" ") + 1, dot), id.slice(dot + 1)] as const;
  };
  const own = (id: string) => {
    const [stage, option] = partsOf(id);
    return option === "class" ? stage : option;
  };
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(own(id), (counts.get(own(id)) ?? 0) + 1);
  const full = (id: string) =>
    partsOf(id)
      .filter((part) => part !== "")
      .join(" ");
  return new Map(ids.map((id) => [id, counts.get(own(id)) === 1 ? own(id) : full(id)]));
}
