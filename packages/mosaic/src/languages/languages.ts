import { type ClassSection, type Experiment, type LanguageName, languageOfSource } from "../config/index.ts";
import type { Language } from "./language.ts";
import { program } from "./program/program.ts";
import { python } from "./python/python.ts";
import { typescript } from "./typescript/typescript.ts";

export const languages: Readonly<Record<LanguageName, Language>> = {
  TypeScript: typescript,
  Python: python,
  Program: program,
};

/** The sections of an experiment by the language of their classes. */
export function sectionsByLanguage({ sections }: Experiment): ReadonlyMap<LanguageName, readonly ClassSection[]> {
  return Map.groupBy(sections, ({ source }) => languageOfSource(source));
}
