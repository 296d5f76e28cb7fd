/** Gives runs the keys of a pipeline file. */
import type { Pipeline, PipelineEntry } from "../config/index.ts";
import { MosaicError } from "../errors.ts";
import type { Param, PipelineUpdate, Store } from "../store/index.ts";

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
  const changed = await store.updatePipelines((pipelineJson) => {
    const stored = parsedModules(pipelineJson);
    const content = stored === undefined ? undefined : contentOf(stored);
    const keys = content === undefined ? undefined : keysByContent.get(content);
    if (stored === undefined || content === undefined || keys === undefined) {
      others++;
      return undefined;
    }
    used.add(content);
    const update = withKeys(stored, keys);
    if (update === undefined) same++;
    return update;
  });
  return { changed, same, others, unused: keysByContent.size - used.size };
}

/** The key of each module, undefined for those without one (training options). */
type Keys = readonly (string | undefined)[];

function indexKeys(pipelines: readonly Pipeline[], file: string): ReadonlyMap<string, Keys> {
  const index = new Map<string, { readonly keys: Keys; readonly position: number }>();
  for (const [position, pipeline] of pipelines.entries()) {
    const content = contentOf(pipeline);
    const keys = pipeline.map(({ key }) => key);
    const twin = index.get(content);
    if (twin === undefined) index.set(content, { keys, position });
    else if (keys.some((key, module) => key !== twin.keys[module]))
      throw new MosaicError(
        "ambiguous-keys",
        `${file}: the pipelines [${twin.position}] and [${position}] differ in nothing but their keys, so it is open which ones are meant; remove one of them`,
      );
  }
  return new Map(Array.from(index, ([content, { keys }]) => [content, keys]));
}

type StoredModule = Readonly<Record<string, unknown>>;

/** undefined for what is no pipeline. */
function parsedModules(pipelineJson: string): readonly StoredModule[] | undefined {
  let json: unknown;
  try {
    json = JSON.parse(pipelineJson);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  return Array.isArray(json) ? json.map((entry) => Object(entry)) : undefined;
}

/** All that counts, in one text. The original Mosaic stores some values as numbers. */
function contentOf(modules: readonly (StoredModule | PipelineEntry)[]): string {
  return JSON.stringify(
    modules.map((module) =>
      Object.entries(module)
        .filter(([option]) => option !== "key" && option !== "name")
        .map(([option, value]) => [option, String(value)] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    ),
  );
}

/** undefined where nothing changes. */
function withKeys(modules: readonly StoredModule[], keys: Keys): PipelineUpdate | undefined {
  const changes = modules.some(({ key }, index) => keys[index] !== undefined && key !== keys[index]);
  if (!changes) return undefined;
  const rekeyed = modules.map((module, index) =>
    keys[index] === undefined ? module : { ...module, key: keys[index] },
  );
  const params = rekeyed.flatMap(({ type, key }): readonly Param[] =>
    typeof key === "string" ? [[`${String(type)}_key`, key]] : [],
  );
  return { pipelineJson: JSON.stringify(rekeyed), params };
}
