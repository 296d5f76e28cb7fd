/** Options of Node for processes that run a file of ours, beside the program itself: see `own-modules.ts`. */
export const nodeOptions: readonly string[] = [
  "--disable-warning=ExperimentalWarning",
  "--import",
  new URL(import.meta.url.endsWith(".ts") ? "./own-modules.ts" : "./own-modules.js", import.meta.url).href,
];
