/** A chosen part of an axis, and the condition that it stands for: so a brush narrows down whatever the condition does. */

export type Brush =
  | { readonly kind: "range"; readonly name: string; readonly low: number; readonly high: number }
  | { readonly kind: "values"; readonly name: string; readonly values: readonly string[] };

/** The condition that holds where all of them and `where` do; "" where there is none. */
export function whereOf(where: string, brushes: readonly Brush[]): string {
  const parts = brushes.map(brushCondition);
  if (where.trim() === "") return parts.join(" and ");
  return parts.length === 0 ? where : [`(${where})`, ...parts].join(" and ");
}

function brushCondition(brush: Brush): string {
  const name = quotedName(brush.name);
  if (brush.kind === "values") return `${name} in (${brush.values.map(quoted).join(", ")})`;
  return `${name} >= ${brush.low} and ${name} <= ${brush.high}`;
}

/** A name or a value as conditions have it, in quotes where it has signs or spaces or could be something else. */
export function quotedName(text: string): string {
  return /^[\p{L}_][^\s=<>!&|(),"']*$/u.test(text) && !/^(and|or|not|in)$/i.test(text) ? text : quoted(text);
}

/** A condition by which a column has a value; numbers are compared as such. */
export function equalCondition(name: string, value: string | number | null): string {
  if (typeof value === "number") return `${quotedName(name)} = ${value}`;
  return `${quotedName(name)} = ${value === null ? "None" : quoted(value)}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** For addresses: the name, then bounds or values, each encoded so that `~` separates them. */
export function brushText(brush: Brush): string {
  const values = brush.kind === "range" ? ["..", brush.low, brush.high] : ["", ...brush.values];
  return [brush.name, ...values].map((each) => String(each).replaceAll("!", "!0").replaceAll("~", "!1")).join("~");
}

export function brushOfText(text: string): Brush | undefined {
  const parts = text.split("~").map((each) => each.replaceAll("!1", "~").replaceAll("!0", "!"));
  const [name = "", kind, ...values] = parts;
  if (name === "" || kind === undefined) return undefined;
  if (kind === "") return values.length === 0 ? undefined : { kind: "values", name, values };
  const [low, high] = values.map(Number);
  if (kind !== ".." || low === undefined || high === undefined || !(low <= high)) return undefined;
  return { kind: "range", name, low, high };
}

/** The brush takes the place of an earlier one of its column; `undefined` removes that. */
export function withBrush(brushes: readonly Brush[], name: string, brush: Brush | undefined): readonly Brush[] {
  const others = brushes.filter((each) => each.name !== name);
  return brush === undefined ? others : [...others, brush];
}
