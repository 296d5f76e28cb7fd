import { nearestName } from "@ml-mosaic/base";

/** What a class without a schema takes from its options is known by what it reads. */
export interface WatchedOptions {
  readonly values: Readonly<Record<string, unknown>>;
  /** Names that nobody has read. */
  unread(): readonly string[];
}

export function watchOptions(options: Readonly<Record<string, unknown>>): WatchedOptions {
  const unread = new Set(Object.keys(options));
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    Object.defineProperty(values, name, {
      enumerable: true,
      configurable: true,
      get() {
        unread.delete(name);
        return value;
      },
    });
  }
  return { values, unread: () => [...unread] };
}

/** @param taken names that the constructor takes, where it says them */
export function unreadFault(
  name: string,
  className: string,
  taken: readonly string[] | undefined,
): { readonly message: string; readonly remedy: string } {
  const near = taken === undefined ? undefined : nearestName(name, taken);
  const known = taken === undefined || taken.length === 0 ? "Remove it." : `It takes ${taken.join(", ")}.`;
  return {
    message: `The constructor of ${className} does not take it, and nothing asks moduleInfo or key for it.`,
    remedy: near === undefined ? known : `Did you mean ${near}?`,
  };
}
