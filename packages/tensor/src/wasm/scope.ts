/** Where code is written: inside loops and branches, with what has been computed there already. */
import type { Axis, Range } from "./indices.ts";

/** A place in the code: the body of a loop, a branch, or the function itself. */
export class Scope {
  readonly parent: Scope | undefined;
  readonly loop: Loop | undefined;
  /** Locals that hold values, by what these are. */
  readonly known = new Map<string, number>();
  /** Code that belongs in front of the loop. */
  readonly ahead: Uint8Array[] = [];

  constructor(parent?: Scope, loop?: Loop) {
    this.parent = parent;
    this.loop = loop;
  }

  find(key: string): number | undefined {
    return this.known.get(key) ?? this.parent?.find(key);
  }

  loopOf(axis: Axis): Loop | undefined {
    return this.loop?.axis === axis ? this.loop : this.parent?.loopOf(axis);
  }
}

export interface Loop {
  readonly axis: Axis;
  /** Holds four times the position: that is bytes, of most elements. */
  readonly local: number;
  /** Positions at which a pass begins. */
  readonly range: Range;
}

/** What an expression is computed for: a position, or several adjacent ones along an axis. */
export interface Context {
  readonly scope: Scope;
  /** Positions along axes, on top of those of their loops. */
  readonly point: ReadonlyMap<Axis, number>;
  /** The axis along which four adjacent elements are computed at once; or, in functions, two. */
  readonly vector?: Axis | undefined;
}

export function positionsOf({ scope, point, vector }: Context, axis: Axis): Range {
  const offset = point.get(axis) ?? 0;
  const range = scope.loopOf(axis)?.range;
  const known = range !== undefined || point.has(axis);
  const { least, most } = range ?? (known ? { least: 0, most: 0 } : { least: 0, most: axis.size - 1 });
  return { least: least + offset, most: most + offset + (vector === axis ? 3 : 0) };
}
