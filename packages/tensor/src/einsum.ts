/** Einstein's sums, as products of matrices. */
import { elementAt } from "./element-at.ts";
import { TensorError } from "./errors.ts";
import { lengthAt, type Shape, showShape, sizeOf } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor whose axes have names: letters, or for those of "..." their number counted from the last. */
interface Named {
  readonly tensor: Tensor;
  readonly names: readonly string[];
}

interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/**
 * Sums of products over named axes, as PyTorch's einsum: "bij,bjk->bik" is a batched product. Each letter names an axis;
 * letters that are not in the output are summed over; a letter twice in one operand takes the diagonal; "..." stands
 * for axes that broadcast. Without "->" the output has the axes of "...", then all letters that occur once, sorted.
 * Operands are joined from left to right.
 *
 * @throws TensorError if the equation is malformed or does not fit the shapes
 * @example
 * einsum("bhqd,bhkd->bhqk", queries, keys)
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const problem = (why: string) =>
    new TensorError(
      "TENSOR_SHAPE",
      `einsum "${equation}" of ${operands.map(({ shape }) => showShape(shape)).join(", ")}: ${why}`,
    );
  const { operands: named, output } = parse(equation, operands, problem);
  const sizes = new Map<string, number>();
  for (const [index, names] of named.entries()) {
    for (const [axis, name] of names.entries()) {
      const size = lengthAt(elementAt(operands, index).shape, axis);
      const known = sizes.get(name) ?? 1;
      if (size !== known && size !== 1 && known !== 1)
        throw problem(`axis ${show(name)} is ${known} in one place and ${size} in operand ${index}`);
      sizes.set(name, known === 1 ? size : known);
    }
  }
  const terms = operands.map((tensor, index) => prepare({ tensor, names: named[index] ?? [] }, sizes));
  const [first, ...rest] = terms;
  if (first === undefined) throw problem("there is no operand");
  let result = first;
  for (const [index, term] of rest.entries()) {
    const later = new Set([...output, ...rest.slice(index + 1).flatMap(({ names }) => names)]);
    result = contract(result, term, later);
  }
  result = sumOut(result, new Set(output));
  // An axis that is 1 in all operands has been dropped with those that broadcast.
  const present = output.filter((name) => result.names.includes(name));
  return result.tensor
    .permute(present.map((name) => result.names.indexOf(name)))
    .reshape(output.map((name) => (present.includes(name) ? (sizes.get(name) ?? 1) : 1)));
}

function parse(equation: string, operands: readonly Tensor[], problem: (why: string) => TensorError): Equation {
  const [left = "", right, ...others] = equation.replaceAll(" ", "").split("->");
  if (others.length > 0) throw problem('"->" occurs twice');
  const subscripts = left.split(",");
  if (subscripts.length !== operands.length)
    throw problem(`there are ${subscripts.length} subscripts for ${operands.length} operands`);
  for (const text of [...subscripts, ...(right === undefined ? [] : [right])]) {
    if (!/^[a-zA-Z]*(\.\.\.)?[a-zA-Z]*$/.test(text))
      throw problem(`"${text}" is not made of letters and at most one "..."`);
  }
  let widest = 0;
  const named = subscripts.map((text, index) => {
    const rank = elementAt(operands, index).ndim;
    const [before = "", after] = text.split("...");
    const letters = before.length + (after?.length ?? 0);
    if (after === undefined ? letters !== rank : letters > rank)
      throw problem(`operand ${index} has ${rank} axes, "${text}" names ${letters}`);
    const ellipsis = ellipsisNames(after === undefined ? 0 : rank - letters);
    widest = Math.max(widest, ellipsis.length);
    return [...before, ...ellipsis, ...(after ?? "")];
  });
  const all = named.flat().filter((name) => !isEllipsis(name));
  if (right === undefined) {
    const once = [...new Set(all)].filter((name) => all.indexOf(name) === all.lastIndexOf(name)).sort();
    return { operands: named, output: [...ellipsisNames(widest), ...once] };
  }
  const [before = "", after] = right.split("...");
  for (const [index, name] of [...`${before}${after ?? ""}`].entries()) {
    if (!all.includes(name)) throw problem(`the output's axis ${show(name)} is in no operand`);
    if (`${before}${after ?? ""}`.indexOf(name) !== index) throw problem(`the output has axis ${show(name)} twice`);
  }
  return {
    operands: named,
    output: [...before, ...(after === undefined ? [] : ellipsisNames(widest)), ...(after ?? "")],
  };
}

/** Counted from the last, so that axes of operands of different ranks meet as in broadcasting. */
function ellipsisNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `.${count - index}`);
}

function isEllipsis(name: string): boolean {
  return name.startsWith(".");
}

function show(name: string): string {
  return isEllipsis(name) ? `${name.slice(1)} from the last of "..."` : `"${name}"`;
}

/** Takes diagonals and drops axes of size 1. */
function prepare({ tensor, names }: Named, sizes: ReadonlyMap<string, number>): Named {
  let value = tensor;
  let left = [...names];
  for (const name of new Set(names)) {
    for (let second = left.lastIndexOf(name); second !== left.indexOf(name); second = left.lastIndexOf(name)) {
      const first = left.indexOf(name);
      value = diagonal(value, first, second, sizes.get(name) ?? 1);
      left = [name, ...left.filter((_, axis) => axis !== first && axis !== second)];
    }
  }
  const kept = left.map((_, axis) => axis).filter((axis) => lengthAt(value.shape, axis) !== 1);
  return {
    tensor: value.reshape(kept.map((axis) => lengthAt(value.shape, axis))),
    names: left.filter((_, axis) => kept.includes(axis)),
  };
}

/** The elements at equal positions of two axes, which become the first axis. */
function diagonal(tensor: Tensor, first: number, second: number, size: number): Tensor {
  const others = tensor.shape.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const rest = others.map((axis) => lengthAt(tensor.shape, axis));
  // One of the two may be 1 and broadcast.
  return tensor
    .permute([first, second, ...others])
    .expand([size, size, ...rest])
    .reshape([size * size, ...rest])
    .slice(0, 0, Number.POSITIVE_INFINITY, size + 1);
}

function sumOut({ tensor, names }: Named, kept: ReadonlySet<string>): Named {
  const axes = names.map((_, axis) => axis).filter((axis) => !kept.has(elementAt(names, axis)));
  return axes.length === 0
    ? { tensor, names }
    : { tensor: tensor.sum(axes), names: names.filter((_, axis) => !axes.includes(axis)) };
}

/** One product over the axes that both have; of those, the ones in `later` stay and become leading axes. */
function contract(left: Named, right: Named, later: ReadonlySet<string>): Named {
  const a = sumOut(left, new Set([...later, ...right.names]));
  const b = sumOut(right, new Set([...later, ...left.names]));
  const common = a.names.filter((name) => b.names.includes(name));
  const batch = common.filter((name) => later.has(name));
  const inner = common.filter((name) => !later.has(name));
  const rows = a.names.filter((name) => !common.includes(name));
  const columns = b.names.filter((name) => !common.includes(name));
  const sizesOf = ({ tensor, names }: Named, wanted: readonly string[]): Shape =>
    wanted.map((name) => lengthAt(tensor.shape, names.indexOf(name)));
  const arrange = (named: Named, groups: readonly (readonly string[])[]) =>
    named.tensor
      .permute(groups.flat().map((name) => named.names.indexOf(name)))
      .reshape([...sizesOf(named, batch), ...groups.slice(1).map((group) => sizeOf(sizesOf(named, group)))]);
  const names = [...batch, ...rows, ...columns];
  const shape = [...sizesOf(a, batch), ...sizesOf(a, rows), ...sizesOf(b, columns)];
  const product =
    inner.length === 0
      ? // Nothing to sum over: an outer product.
        arrange(a, [batch, rows, []]).mul(arrange(b, [batch, [], columns]))
      : arrange(a, [batch, rows, inner]).matmul(arrange(b, [batch, inner, columns]));
  return { tensor: product.reshape(shape), names };
}
