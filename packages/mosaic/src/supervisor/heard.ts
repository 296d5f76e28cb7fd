/** What was heard and waits to be taken: what comes within moments is taken together. */

/** For so long it may wait: less than a view or a person would notice. */
const mostMilliseconds = 50;

export class Heard<Message> {
  readonly #take: (messages: readonly Message[]) => Promise<void>;
  #messages: Message[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of those that wait. */
  #effect = Promise.withResolvers<void>();

  constructor(take: (messages: readonly Message[]) => Promise<void>) {
    this.#take = take;
  }

  get count(): number {
    return this.#messages.length;
  }

  /**
   * @param mayWait for others
   * @returns what resolves when the message has had its effect
   */
  add(message: Message, mayWait: boolean): Promise<void> {
    this.#messages.push(message);
    const { promise } = this.#effect;
    if (!mayWait) this.pass();
    else this.#timer ??= setTimeout(() => this.pass(), mostMilliseconds);
    return promise;
  }

  /** Has all that waits taken. */
  pass(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#messages.length === 0) return;
    const [messages, effect] = [this.#messages, this.#effect];
    this.#messages = [];
    this.#effect = Promise.withResolvers<void>();
    effect.resolve(this.#take(messages));
  }
}
