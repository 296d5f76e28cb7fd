/**
 * The base of every error that is thrown on purpose: a mistake of the user's, or something of the machine that does not
 * work. `code` is stable and meant for programs, the message is meant for people: it names what was wrong and says what
 * to do.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
