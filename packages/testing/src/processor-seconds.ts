/**
 * How long this process was on a processor while something was done: a bound on it holds on a busy machine too. Against
 * what grows out of all proportion; how fast things are is measured in `bench/`.
 */
export async function processorSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
