/** A name that an object of a JSON text has twice, of which `JSON.parse` would keep the last. The text must be valid. */
export function duplicateKey(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  let isKey = false;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],]/g)) {
    const keys = open.at(-1);
    if (token === "{" || token === "[") open.push(token === "{" ? new Set() : undefined);
    else if (token === "}" || token === "]") open.pop();
    else if (token !== "," && isKey && keys !== undefined) {
      const key: string = JSON.parse(token);
      if (keys.has(key)) return key;
      keys.add(key);
    }
    // What comes behind these in an object is a name.
    isKey = token === "{" || (token === "," && keys !== undefined);
  }
  return undefined;
}
