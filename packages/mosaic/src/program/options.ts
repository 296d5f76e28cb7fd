/** The class `Program` of a configuration: whatever can be started is compared as a module of one's own is. */
import { float, list, refine, type SchemaMap, schema, string } from "@ml-mosaic/configurable";

/** What `path_to_class` and `class` say of a program. */
export const programPath = "ml-mosaic";
export const programClass = "Program";

const seconds = refine(float, "a number of seconds, 0 or more", (value) => value >= 0);

/** All other options of its section are values for `command`. */
export const programOptions = {
  command: schema(string, {
    help: "What is started: words, with {name} for an option of the section, of [PROCESS], or seed, repetition, run_id, device",
  }),
  files: schema(list(string), {
    default: [],
    help: "Files that the program reads: runs with another text are other runs, as with the files that command names",
  }),
  grace: schema(seconds, {
    default: 30,
    help: "Seconds from SIGTERM, which asks it to pause, to SIGKILL",
  }),
} satisfies SchemaMap;

/** Options that are one text, braces and commas included. */
export const wholeTexts: readonly string[] = ["command", "files"];

/** Whether a class is that of a program. */
export function isProgram({ path, className }: { readonly path: string; readonly className: string }): boolean {
  return path === programPath && className === programClass;
}
