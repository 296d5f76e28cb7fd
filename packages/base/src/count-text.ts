/** Whole numbers in full: "1,234,567". What `Intl` knows of all languages takes a process 20 ms to load. */
export function wholeText(value: number): string {
  return String(Math.round(value)).replace(/(?<=\d)(?=(?:\d{3})+$)/g, ",");
}

/** "1 run", "24 runs", "1,600 runs" */
export function countText(count: number, noun: string): string {
  return `${wholeText(count)} ${noun}${count === 1 ? "" : "s"}`;
}
