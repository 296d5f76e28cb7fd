import { any, type JsonSchema, jsonSchemas, list, type SchemaMap, schema, union } from "@ml-mosaic/configurable";
import { CLASS_OPTIONS } from "../config/index.ts";
import { GROUPS, type Group } from "../config/process-options.ts";
import { axisSchemas, optionSchemas } from "./option-schemas.ts";
import { monitorSchemas, processAxisSchemas, type TrainingComponent, trainingComponents } from "./training-options.ts";
import type { ClassOptions, DescribedClass } from "./user-classes.ts";

const draft = "http://json-schema.org/draft-07/schema#";

/**
 * A JSON Schema of a configuration file, taken as an object of sections, each an object of its options; an axis is a
 * list. Which options a component takes follows from the component that is chosen.
 */
export function configJson(classes: readonly DescribedClass[] | undefined): JsonSchema {
  const sections = (classes ?? []).map(({ section, name, options }) => ({
    section: section ?? name,
    ...sectionOf(name, options),
  }));
  const { schemas, definitions } = jsonSchemas([
    { name: "PROCESS", configSchema: { ...processAxisSchemas(), ...dottedSchemas() } },
    { name: "MONITOR", configSchema: monitorSchemas },
    ...sections,
  ]);
  const [process, monitor, ...others] = schemas;
  const named = sections.map(({ section, isOpen }, index) => [section, opened(others[index], isOpen)] as const);
  return {
    $schema: draft,
    title: "Mosaic experiment",
    type: "object",
    properties: { PROCESS: { ...process, allOf: conditions() }, MONITOR: monitor, ...Object.fromEntries(named) },
    required: ["PROCESS", "MONITOR"],
    additionalProperties: classes === undefined ? anyClass() : false,
    definitions,
  };
}

/** A JSON Schema of what each class takes, under its name. */
export function classesJson(title: string, classes: readonly DescribedClass[]): JsonSchema {
  const described = classes.map(({ name, options }) => ({
    ...describe(name, options),
    isOpen: options.kind === "unknown",
  }));
  const { schemas, definitions } = jsonSchemas(described);
  const named = described.map(
    ({ name, isOpen }, index) => [name, { title: name, ...opened(schemas[index], isOpen) }] as const,
  );
  return {
    $schema: draft,
    title,
    anyOf: named.map(([name]) => ({ $ref: `#/definitions/${name}` })),
    definitions: { ...definitions, ...Object.fromEntries(named) },
  };
}

/** Values of a class may be lists, which make axes, and may come from other modules, so that none is required. */
function sectionOf(name: string, options: ClassOptions): Section {
  const { configSchema } = describe(name, options);
  const own = Object.entries(configSchema).map(([option, { type, default: value, aliases, help }]) => {
    const axis = union(type, list(type));
    return [option, { ...schema(axis, { optional: true, aliases, help }), default: value }] as const;
  });
  return {
    name,
    configSchema: { ...Object.fromEntries(own), ...optionSchemas(CLASS_OPTIONS) },
    isOpen: options.kind === "unknown",
  };
}

interface Section {
  readonly name: string;
  readonly configSchema: SchemaMap;
  /** Whether it takes names that are not known here. */
  readonly isOpen: boolean;
}

function describe(name: string, options: ClassOptions): { readonly name: string; readonly configSchema: SchemaMap } {
  switch (options.kind) {
    case "schema":
      return { name, configSchema: options.schemas };
    case "names": {
      const { required, optional } = options.names;
      const both = [
        ...required.map((option) => [option, schema(any)] as const),
        ...optional.map((option) => [option, schema(any, { optional: true })] as const),
      ];
      return { name, configSchema: Object.fromEntries(both) };
    }
    case "unknown":
      return { name, configSchema: {} };
    default:
      return options satisfies never;
  }
}

function opened(section: JsonSchema | undefined, isOpen: boolean): JsonSchema {
  return isOpen ? { ...section, additionalProperties: true } : { ...section };
}

function anyClass(): JsonSchema {
  const {
    schemas: [section],
  } = jsonSchemas([{ name: "class", configSchema: optionSchemas(CLASS_OPTIONS) }]);
  return opened(section, true);
}

/** Options of components are known by name everywhere, and by what they take where the component is chosen. */
function dottedSchemas(): SchemaMap {
  const names = trainingComponents().flatMap(({ group, options }) => options.map(({ name }) => `${group}.${name}`));
  return Object.fromEntries(names.map((name) => [name, schema(any, { optional: true })]));
}

function conditions(): readonly JsonSchema[] {
  const components = trainingComponents();
  return GROUPS.flatMap((group) => {
    const ofGroup = components.filter((component) => component.group === group);
    const names = new Set(ofGroup.flatMap(({ options }) => options.map(({ name }) => `${group}.${name}`)));
    const whereChosen = ofGroup.map((component) => {
      const configSchema = axisSchemas(component.options, `${group}.`);
      const others = [...names].filter((name) => !Object.hasOwn(configSchema, name));
      const { schemas } = jsonSchemas([{ name: component.name, configSchema }]);
      // Names of other groups may stand beside it.
      return implication(isChosen(component), { ...schemas[0], additionalProperties: true, ...without(others) });
    });
    return [...whereChosen, implication(isNothing(group, ofGroup), without([...names]))];
  });
}

function implication(condition: JsonSchema, consequence: JsonSchema): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: it is JSON Schema's
  return { if: condition, then: consequence };
}

/** An axis of components may have the options of all of them. */
function isChosen({ group, name, isDefault }: TrainingComponent): JsonSchema {
  const written = { properties: { [group]: { const: group === "early_stopping" ? true : name } }, required: [group] };
  return isDefault ? { anyOf: [written, { not: { required: [group] } }] } : written;
}

function isNothing(group: Group, components: readonly TrainingComponent[]): JsonSchema {
  const written = { properties: { [group]: { enum: ["None", false] } }, required: [group] };
  return components.some(({ isDefault }) => isDefault) ? written : { anyOf: [written, { not: { required: [group] } }] };
}

function without(names: readonly string[]): JsonSchema {
  return names.length === 0 ? {} : { propertyNames: { not: { enum: names } } };
}
