/** Gives runs the keys of a pipeline file. */
import { MosaicError } from "../errors.ts";
import { contentOf } from "../pipelines/flat-pipeline.ts";
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
 * Every run whose pipeline is in the list, with all options equal but `key` and `name`, gets the list's keys, in its
 * stored pipeline and in its `params`.
 */
export async function rekeyRuns(store: Store, pipelines: readonly Pipeline[], file: string): Promise<Rekeyed> {
  const keysByContent = indexKeys(pipelines, file);
  const used = new Set<string>();
  let same = 0;
  let others = 0;
  const changed = await store.updateKeys((pipeline) => {
    const content = pipeline && contentOf(pipeline);
    const keys = content === undefined ? undefined : keysByContent.get(content);
    if (pipeline === undefined || content === undefined || keys === undefined) {
      others++;
      return undefined;
    }
    used.add(content);
    if (pipeline.modules.some(({ key }, index) => key !== keys[index])) return keys;
    same++;
    return undefined;
  });
  return { changed, same, others, unused: keysByContent.size - used.size };
}

function indexKeys(pipelines: readonly Pipeline[], file: string): ReadonlyMap<string, readonly string[]> {
  const index = new Map<string, readonly string[]>();
  const positions = new Map<string, number>();
  for (const [position, pipeline] of pipelines.entries()) {
    const content = contentOf(pipeline);
    const keys = pipeline.modules.map(({ key }) => key);
    const twin = index.get(content);
    if (twin === undefined) {
      index.set(content, keys);
      positions.set(content, position);
    } else if (keys.some((key, module) => key !== twin[module]))
      throw new MosaicError(
        "AMBIGUOUS_KEYS",
        `${file}: the pipelines [${positions.get(content)}] and [${position}] differ in nothing but their keys, so it is open which ones are meant; remove one of them`,
      );
  }
  return index;
}
