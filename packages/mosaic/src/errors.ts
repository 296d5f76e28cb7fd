/**
 * The base of every error that Mosaic throws on purpose. `code` is stable and meant for programs, the message is
 * meant for people: it names what was wrong and says what to do.
 */
export class MosaicError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}
