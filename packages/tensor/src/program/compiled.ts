/** Things that are compiled when they are first needed, one for each key, and released together. */
export class Compiled<Key, Program extends { release(): void }> {
  readonly #programs = new Map<Key, Promise<Program>>();
  readonly #compile: (key: Key) => Promise<Program>;

  constructor(compile: (key: Key) => Promise<Program>) {
    this.#compile = compile;
  }

  for(key: Key): Promise<Program> {
    const known = this.#programs.get(key);
    if (known !== undefined) return known;
    const program = this.#compile(key);
    this.#programs.set(key, program);
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
