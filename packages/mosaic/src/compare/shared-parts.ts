/** What many pipelines have in common, held once: those of a grid are combinations of few modules and few texts. */
import { hash } from "node:crypto";
import type { ModuleSpec, Texts } from "../pipelines/pipeline.ts";
import type { Param } from "../store/index.ts";
import type { PipelineParts } from "./pipeline-parts.ts";

export class SharedParts {
  /** By a digest where the text would be most of what is held. */
  readonly #stages = new Map<string, readonly ModuleSpec[]>();
  readonly #trainings = new Map<string, Texts>();
  readonly #texts = new Map<string, string>();
  readonly #params = new Map<string, Map<string, Param>>();

  /** Equal parts, of which those that were seen before are the ones from then. */
  parts<Parts extends PipelineParts>(parts: Parts): Parts {
    return {
      ...parts,
      data: this.#stagesLike(parts.data),
      model: this.#stagesLike(parts.model),
      training: shared(this.#trainings, digestOf(parts.training), () => parts.training),
    };
  }

  text(text: string): string {
    return shared(this.#texts, text, () => text);
  }

  params(params: readonly Param[]): readonly Param[] {
    return params.map((param) => {
      const [name, text] = param;
      const byText = shared(this.#params, name, () => new Map<string, Param>());
      return shared(byText, text, () => param);
    });
  }

  /** A stage of several is a list of its own each: the modules of a grid are combined in as many ways as there are pipelines. */
  #stagesLike(modules: readonly ModuleSpec[]): readonly ModuleSpec[] {
    const one = (module: ModuleSpec) => shared(this.#stages, digestOf(module), () => [module]);
    const [first, ...others] = modules;
    if (first === undefined) return none;
    return others.length === 0 ? one(first) : modules.flatMap(one);
  }
}

const none: readonly ModuleSpec[] = [];

function digestOf(value: ModuleSpec | Texts): string {
  return hash("sha256", JSON.stringify(value), "base64");
}

function shared<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
