import { MosaicError } from "../errors.ts";

/**
 * Takes the channel to the supervisor for this worker alone: a module that sends through it, or closes it, gets an error
 * that its own run fails with.
 *
 * @returns what sends a message
 */
export function ownChannel(): (message: unknown, sent: () => void) => void {
  const send = process.send?.bind(process);
  const refuse = (method: string) => () => {
    throw new MosaicError(
      "MODULE_USES_CHANNEL",
      `a module called process.${method}(), which is for Mosaic's own messages; console.log writes to the run's log`,
    );
  };
  process.send = refuse("send");
  process.disconnect = refuse("disconnect");
  return (message, sent) => {
    // The channel closes when the supervisor dies; `disconnect` ends this process then.
    if (process.connected && send !== undefined) send(message, () => sent());
    else sent();
  };
}
