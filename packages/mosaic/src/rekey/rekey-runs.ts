/** Gives runs the keys of a pipeline file. */
import { MosaicError } from "../errors.ts";
import { contentDigest, valueDigest } from "../pipelines/flat-pipeline.ts";
import type { Pipeline } from "../pipelines/pipeline.ts";
import type { Store } from "../store/index.ts";

export interface Rekeyed {
  /** Runs whose keys were changed. */
  readonly changed: number;
  /** Runs that had these keys already. */
  readonly same: number;
  /** Runs whose pipeline is not in the file. */
  readonly others: number;
  /** Pipelines of the file that no run has. */
  readonly unused: number;
}

/**
 * Every run whose pipeline is in the file, with all options equal but `key` and `name`, gets the file's keys, in its
 * stored pipeline and in its `params`. Options are equal that are written alike, or else have the same value.
 */
export async function rekeyRuns(store: Store, wanted: WantedKeys): Promise<Rekeyed> {
  const used = new Uint8Array(wanted.count);
  let same = 0;
  let others = 0;
  const changed = await store.updateKeys((pipeline) => {
    const found = pipeline && wanted.of(pipeline);
    if (found === undefined) {
      others++;
      return undefined;
    }
    const { keys, index } = found;
    used[index] = 1;
    if (pipeline?.modules.some(({ key }, module) => key !== keys[module])) return keys;
    same++;
    return undefined;
  });
  return { changed, same, others, unused: wanted.count - used.reduce((sum, isUsed) => sum + isUsed, 0) };
}

/** The keys that a file gives, by digests of its pipelines, so that a file of a million of them needs little memory. */
export class WantedKeys {
  readonly #file: string;
  readonly #indexByContent = new Map<string, number>();
  /** Of those that spell a value otherwise than it is shown; undefined where several have these values. */
  readonly #indexByValue = new Map<string, number | undefined>();
  /** Of each different pipeline the place in the file and the keys, which most of them share with others. */
  readonly #positions: number[] = [];
  readonly #keys: (readonly string[])[] = [];
  readonly #shared = new Map<string, readonly string[]>();
  #read = 0;

  /** @param file for the messages */
  constructor(file: string) {
    this.#file = file;
  }

  /** Different pipelines. */
  get count(): number {
    return this.#keys.length;
  }

  /** The next one of the file. */
  add(pipeline: Pipeline): void {
    const content = contentDigest(pipeline);
    const position = this.#read++;
    const keys = this.#sharedKeys(pipeline);
    const twin = this.#indexByContent.get(content);
    if (twin === undefined) {
      const value = valueDigest(pipeline);
      if (value !== content)
        this.#indexByValue.set(value, this.#indexByValue.has(value) ? undefined : this.#keys.length);
      this.#indexByContent.set(content, this.#keys.length);
      this.#keys.push(keys);
      this.#positions.push(position);
    } else if (this.#keys[twin] !== keys)
      throw new MosaicError(
        "AMBIGUOUS_KEYS",
        `${this.#file}: the pipelines [${this.#positions[twin]}] and [${position}] differ in nothing but their keys, so it is open which ones are meant; remove one of them`,
      );
  }

  of(pipeline: Pipeline): { readonly keys: readonly string[]; readonly index: number } | undefined {
    const index = this.#indexByContent.get(contentDigest(pipeline)) ?? this.#indexOf(valueDigest(pipeline));
    const keys = index === undefined ? undefined : this.#keys[index];
    return index === undefined || keys === undefined ? undefined : { keys, index };
  }

  /** undefined also where several pipelines have these values: none of them is meant more than the others. */
  #indexOf(value: string): number | undefined {
    const plain = this.#indexByContent.get(value);
    if (plain === undefined) return this.#indexByValue.get(value);
    return this.#indexByValue.has(value) ? undefined : plain;
  }

  #sharedKeys({ modules }: Pipeline): readonly string[] {
    const keys = modules.map(({ key }) => key);
    const text = JSON.stringify(keys);
    const known = this.#shared.get(text) ?? keys;
    this.#shared.set(text, known);
    return known;
  }
}
