/** What conditions say of the components of [PROCESS]: `optimizer = sgd`, `optimizer = "SGD(momentum=0.9)"`, `optimizer.momentum > 0`. */
import { speller } from "@ml-mosaic/configurable";
import type { Meant } from "../conditions/index.ts";
import type { Texts } from "../pipelines/pipeline.ts";
import { chosenBy, isNothing, spelling } from "./process-components.ts";
import { defaultText, type Group, groupOf, groups, processOptions } from "./process-options.ts";

/** Of many runs, most of which have the same texts. */
export function componentValues(): (name: string, texts: Texts) => Meant | string | undefined {
  const spelt = spelling();
  const known = new Map<string, Meant | string | undefined>();
  return (name, texts) => {
    const key = JSON.stringify([name, texts]);
    if (!known.has(key)) known.set(key, valueIn(name, texts, spelt));
    return known.get(key);
  };
}

function valueIn(name: string, texts: Texts, spelt: (texts: Texts) => Texts): Meant | string | undefined {
  const group = groups.find((each) => each === name) ?? groupOf(name);
  if (group === undefined) return texts[name];
  const isOwnLoss = group === "loss_function" && texts.class_loss_function !== undefined;
  const text = texts[group] ?? (isOwnLoss ? "None" : defaultText(group));
  const own = spelt({ ...texts, [group]: text });
  if (group === name) return meant(group, text, own, spelt);
  const option = chosenBy(group, text)?.configSchema[name.slice(group.length + 1)];
  if (isNothing(text) || own[name] !== undefined) return own[name];
  return option?.default === undefined ? undefined : textOf(option.default);
}

/** By its name and by the options in its brackets; what these do not say may be anything. */
function meant(group: Group, text: string, own: Texts, spelt: (texts: Texts) => Texts): Meant {
  return {
    isMeantBy(wanted) {
      if (isNothing(wanted) || isNothing(text)) return isNothing(wanted) === isNothing(text);
      const asked = inOneSpelling({ [group]: wanted });
      if (asked[group] !== inOneSpelling({ [group]: text })[group]) return false;
      const [asking, options] = [spelt({ [group]: wanted }), Object.keys(asked).filter((name) => name !== group)];
      return options.every((name) => asking[name] === own[name]);
    },
  };
}

const inOneSpelling = speller(processOptions, { dropDefaults: false });

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
}
