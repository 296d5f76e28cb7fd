import { MosaicError } from "../errors.ts";

/**
 * Takes the channel to the supervisor for this worker alone: a module that sends through it, or closes it, gets an error
 * that its own run fails with.
 *
 * @param isModule Whether code of a module is running. Node itself calls `process.disconnect` when the supervisor has died.
 * @returns what sends a message
 */
export function ownChannel(isModule: () => boolean): (message: unknown, sent: () => void) => void {
  const send = process.send?.bind(process);
  const disconnect = process.disconnect?.bind(process);
  const refuse = (method: string) => () => {
    throw new MosaicError(
      "MODULE_USES_CHANNEL",
      `a module called process.${method}(), which is for Mosaic's own messages; console.log writes to the run's log`,
    );
  };
  process.send = refuse("send");
  const refuseDisconnect = refuse("disconnect");
  process.disconnect = () => (isModule() ? refuseDisconnect() : disconnect?.());
  return (message, sent) => {
    // The channel closes when the supervisor dies; `disconnect` ends this process then.
    if (process.connected && send !== undefined) send(message, () => sent());
    else sent();
  };
}
