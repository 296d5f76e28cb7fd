/** @throws Error where an option that a command cannot do without was left out */
export function requiredOption(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw Object.assign(new Error(`Give a configuration: -c <file>, or --${name} <file>. See --help.`), {
    code: "BAD_USAGE",
  });
}
