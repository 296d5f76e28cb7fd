import { expect } from "vitest";

export interface KeptOptions {
  /** How far numbers may be apart, relative to those above 1; 0: the same bits. */
  readonly tolerance?: number;
  /** Names whose values are of no interest, such as times. */
  readonly except?: RegExp;
}

/** That `now` says all that `then` says; it may say more. Of a list it says the same number of things. */
export function expectKept(now: unknown, then: unknown, options: KeptOptions = {}, where = "value"): void {
  const { tolerance = 0, except } = options;
  if (typeof then === "number" && typeof now === "number" && Number.isFinite(then) && tolerance > 0) {
    expect(Math.abs(now - then), where).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(then)));
  } else if (Array.isArray(then)) {
    if (!Array.isArray(now)) throw new Error(`${where} is no list any more`);
    expect(now, where).toHaveLength(then.length);
    for (const [index, value] of then.entries()) expectKept(now[index], value, options, `${where}[${index}]`);
  } else if (typeof then === "object" && then !== null) {
    expect(now, where).toBeTypeOf("object");
    const values = new Map(Object.entries(now ?? {}));
    for (const [name, value] of Object.entries(then))
      if (!except?.test(name)) expectKept(values.get(name), value, options, `${where}.${name}`);
  } else expect(now, where).toBe(then);
}
