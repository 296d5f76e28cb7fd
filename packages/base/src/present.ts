/**
 * What is there by how it was made. Where it is not, that is a fault of ours, and is told instead of going on with another
 * value.
 *
 * @param what to be read after "there is no": `label of this pipeline`
 */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new TypeError(`there is no ${what}`);
  return value;
}
