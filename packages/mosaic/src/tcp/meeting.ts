/** A worker's side of a port. */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Meeting } from "../pilot/link.ts";
import type { Address } from "./address.ts";
import { answer, greet } from "./handshake.ts";
import { TcpLink, unheard } from "./link.ts";

const retryMilliseconds = 2000;
const patienceMilliseconds = 10_000;

/** @param name of this worker, which no other has had */
export function meetAtPort(address: Address, token: string, name: string): Meeting {
  let count = 0;
  return {
    async next(mostMilliseconds, signal) {
      const end = performance.now() + mostMilliseconds;
      do {
        // Each time another one: the supervisor may not know yet that the last is gone.
        const link = await linkTo(address, token, `${name}.${++count}`);
        if (link !== undefined)
          return (events) => {
            link.know(events);
            return link;
          };
        await delay(retryMilliseconds, undefined, { signal }).catch(() => undefined);
      } while (performance.now() < end && !signal.aborted);
      return "nobody";
    },
    forget: async () => undefined,
  };
}

/** undefined where nobody is there, or does not know the token. */
function linkTo({ host, port }: Address, token: string, name: string): Promise<TcpLink | undefined> {
  const { promise, resolve } = Promise.withResolvers<TcpLink | undefined>();
  const socket: Socket = connect({ host, port });
  const patience = setTimeout(() => socket.destroy(), patienceMilliseconds);
  const greeting = greet(token, name);
  const nobody = () => {
    clearTimeout(patience);
    resolve(undefined);
  };
  const link = new TcpLink(socket, {
    ...unheard,
    message(value) {
      const proof = answer(token, greeting, value);
      if (proof === undefined) {
        link.destroy();
        return;
      }
      clearTimeout(patience);
      link.send(proof);
      resolve(link);
    },
    closed: nobody,
  });
  socket.once("connect", () => link.send(greeting));
  return promise;
}
