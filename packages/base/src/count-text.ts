/** Whole numbers in full: "1,234,567". */
export function wholeText(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** "1 run", "24 runs", "1,600 runs" */
export function countText(count: number, noun: string): string {
  return `${wholeText(count)} ${noun}${count === 1 ? "" : "s"}`;
}
