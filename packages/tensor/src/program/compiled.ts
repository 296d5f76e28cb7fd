/** Things that are compiled when they are first needed, one for each number, and released together. */
export class Compiled<Program extends { release(): void }> {
  readonly #programs = new Map<number, Promise<Program>>();
  readonly #compile: (size: number) => Promise<Program>;

  constructor(compile: (size: number) => Promise<Program>) {
    this.#compile = compile;
  }

  for(size: number): Promise<Program> {
    const known = this.#programs.get(size);
    if (known !== undefined) return known;
    const program = this.#compile(size);
    this.#programs.set(size, program);
    return program;
  }

  release(): void {
    for (const program of this.#programs.values()) releaseWhenReady(program);
  }
}

/** What could not be made need not be released: who asked for it has the error. */
export function releaseWhenReady(promised: Promise<{ release(): unknown }>): void {
  promised.then(
    (ready) => ready.release(),
    () => undefined,
  );
}
