/** What the code of a function is written with: its locals, what they hold already, and loops. */
import type { DType } from "../dtype.ts";
import { elementAt } from "../element-at.ts";
import { memoized } from "../program/memoized.ts";
import { axesOf, boundsAlong } from "./analysis.ts";
import type { FunctionTable } from "./function-table.ts";
import type { Axis } from "./indices.ts";
import type { Expression, Kind } from "./loops.ts";
import { type FunctionBody, nothing, type ValueType } from "./module.ts";
import { type Context, Scope } from "./scope.ts";

/** Where the elements of a tensor lie: at a place in memory, or from where a parameter of the function says. */
export interface Buffer {
  readonly dtype: DType;
  readonly base: { readonly at: number } | { readonly parameter: number };
}

export const valueTypes: Readonly<Record<Kind, ValueType>> = {
  f32: "f32",
  f64: "f64",
  i32: "i32",
  i64: "i64",
  bool: "i32",
};

let numbered = 0;
/** Tells objects apart in keys. */
export const numberOf = memoized((_object: object) => String(numbered++));

export class Emitter {
  readonly body: FunctionBody;
  readonly functions: FunctionTable;
  readonly buffers: readonly Buffer[];
  /** Whether all positions are written out, however long reductions are. */
  writesOut = false;
  readonly #taken: number[] = [];

  constructor(body: FunctionBody, functions: FunctionTable, buffers: readonly Buffer[]) {
    this.body = body;
    this.functions = functions;
    this.buffers = buffers;
  }

  /** A local until `forget`. */
  local(type: ValueType): number {
    const local = this.body.local(type);
    this.#taken.push(local);
    return local;
  }

  /** Gives back the locals of what has been computed. */
  forget(): void {
    for (const local of this.#taken.splice(0)) this.body.giveBack(local);
  }

  /** The local that holds a value, computed outside of loops that it does not depend on. */
  computed(
    key: string,
    type: ValueType,
    scope: Scope,
    axes: ReadonlySet<Axis>,
    compute: (scope: Scope) => void,
  ): number {
    const found = scope.find(key);
    if (found !== undefined) return found;
    if (scope.loop !== undefined && scope.parent !== undefined && !axes.has(scope.loop.axis)) {
      const { parent } = scope;
      let local = -1;
      scope.ahead.push(
        this.body.aside(() => {
          local = this.computed(key, type, parent, axes, compute);
        }),
      );
      return local;
    }
    const local = this.local(type);
    compute(scope);
    this.body.add("local.set", local);
    scope.known.set(key, local);
    return local;
  }

  /** Tells values apart: by the expression, and where in which loops it is computed. */
  key(expression: Expression, { scope, point, vector }: Context): string {
    let key = numberOf(expression);
    for (const axis of axesOf(expression)) {
      const loop = scope.loopOf(axis);
      key += ` ${numberOf(loop ?? axis)}+${point.get(axis) ?? 0}`;
    }
    return vector === undefined ? key : `${key} along ${numberOf(vector)}`;
  }

  /** Ranges of an axis within which conditions do not change. */
  pieces(axis: Axis, expressions: readonly Expression[], write: (from: number, to: number) => void): void {
    const inside = [...boundsAlong(expressions, axis)].filter((bound) => bound > 0 && bound < axis.size);
    const bounds = [0, ...inside.sort((a, b) => a - b), axis.size];
    for (const [index, from] of bounds.entries()) {
      const to = bounds[index + 1];
      if (to !== undefined) write(from, to);
    }
  }

  /** Passes from a position to below another, a step apart; one pass is written out. */
  loop(
    axis: Axis,
    from: number,
    to: number,
    step: number,
    contexts: readonly Context[],
    write: (contexts: readonly Context[]) => void,
  ): void {
    const { body } = this;
    if (from >= to) return;
    if (to - from <= step) {
      const moved = contexts.map((context) => ({
        ...context,
        point: new Map([...context.point, [axis, (context.point.get(axis) ?? 0) + from]]),
      }));
      write(moved);
      return;
    }
    const local = this.local("i32");
    const scope = new Scope(elementAt(contexts, 0).scope, { axis, local, range: { least: from, most: to - step } });
    const pass = body.aside(() => write(contexts.map((context) => ({ ...context, scope }))));
    for (const code of scope.ahead) body.insert(code);
    body
      .whole("i32", 4 * from)
      .add("local.set", local)
      .add("loop", nothing);
    body.insert(pass);
    body
      .add("local.get", local)
      .whole("i32", 4 * step)
      .add("i32.add")
      .add("local.tee", local);
    body
      .whole("i32", 4 * to)
      .add("i32.lt_u")
      .add("br_if", 0)
      .add("end");
  }
}
