import { isAbsolute, relative, resolve, sep } from "node:path";

/** A path as a user in the working folder would write it: relative for what lies inside it, else absolute. */
export function pathText(path: string): string {
  const inside = relative(process.cwd(), resolve(path));
  return inside === "" || isAbsolute(inside) || inside.split(sep)[0] === ".." ? resolve(path) : inside;
}
