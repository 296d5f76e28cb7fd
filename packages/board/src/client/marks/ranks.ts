/** A diagram of critical differences (Demšar 2006): models at their mean ranks, bars over those that cannot be told apart. */
import type { CriticalDifferences } from "../../wire/answers.ts";
import { fitted } from "./intervals.ts";
import type { Surface } from "./picture.ts";

const rowHeight = 20;

export function ranksHeight(models: number, groups: number): number {
  return 44 + groups * 9 + Math.ceil(models / 2) * rowHeight + 8;
}

export function drawRanks(
  { context, width, theme }: Surface,
  labels: readonly string[],
  { ranks, groups }: CriticalDifferences,
): void {
  const sides = Math.min(width * 0.3, 220);
  const [left, right] = [sides, width - sides];
  const highest = Math.max(2, labels.length);
  const x = (rank: number) => left + ((rank - 1) / (highest - 1)) * (right - left);
  const axis = 30;
  context.textBaseline = "middle";
  context.strokeStyle = theme.ink;
  context.fillStyle = theme.faint;
  context.textAlign = "center";
  context.beginPath();
  context.moveTo(left, axis);
  context.lineTo(right, axis);
  const step = Math.max(1, Math.ceil((highest * 28) / Math.max(1, right - left)));
  for (let rank = 1; rank <= highest; rank += step) {
    context.moveTo(x(rank), axis - 5);
    context.lineTo(x(rank), axis);
    context.fillText(String(rank), x(rank), axis - 14);
  }
  context.stroke();
  context.lineWidth = 4;
  for (const [index, group] of groups.entries()) {
    const of = group.map((place) => ranks[place] ?? 1);
    const y = axis + 9 + index * 9;
    context.beginPath();
    context.moveTo(x(Math.min(...of)) - 3, y);
    context.lineTo(x(Math.max(...of)) + 3, y);
    context.stroke();
  }
  context.lineWidth = 1;
  const order = labels.map((_, place) => place).sort((one, other) => (ranks[one] ?? 0) - (ranks[other] ?? 0));
  const half = Math.ceil(order.length / 2);
  for (const [index, place] of order.entries()) {
    const isLeft = index < half;
    const row = isLeft ? index : order.length - 1 - index;
    const y = axis + 16 + groups.length * 9 + row * rowHeight + 6;
    const at = x(ranks[place] ?? 1);
    context.strokeStyle = theme.faint;
    context.beginPath();
    context.moveTo(at, axis);
    context.lineTo(at, y);
    context.lineTo(isLeft ? left - 8 : right + 8, y);
    context.stroke();
    context.fillStyle = theme.ink;
    context.textAlign = isLeft ? "right" : "left";
    context.fillText(fitted(context, labels[place] ?? "", sides - 16), isLeft ? left - 12 : right + 12, y);
  }
}
