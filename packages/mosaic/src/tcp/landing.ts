/** The supervisor's side of a port: it answers whoever knows the token, and nobody else. */
import { createServer, type Server, type Socket } from "node:net";
import { MosaicError } from "../errors.ts";
import type { Connect, Landing, OpenLanding } from "../pilot/link.ts";
import { type Address, addressForOthers, addressText, isEverywhere, outerAddresses } from "./address.ts";
import { isAnswer, isGreeting, replyTo } from "./handshake.ts";
import { TcpLink, unheard } from "./link.ts";

/** For a handshake. */
const patienceMilliseconds = 10_000;
/** At a time, of which it is not known who they are. */
const mostStrangers = 100;

export function tcpLanding({ host, port }: Address, token: string, say: (line: string) => void): OpenLanding {
  return async (come, fail): Promise<Landing> => {
    const strangers = new Set<Socket>();
    const server = createServer((socket) => {
      if (strangers.size >= mostStrangers) {
        socket.destroy();
        return;
      }
      strangers.add(socket);
      const patience = setTimeout(() => socket.destroy(), patienceMilliseconds);
      const over = () => {
        clearTimeout(patience);
        strangers.delete(socket);
      };
      socket.on("close", over);
      receive(socket, token, (name, connect) => {
        over();
        come(name, connect);
      });
    });
    await listen(server, { host, port });
    server.on("error", fail);
    const address = server.address();
    const open = typeof address === "object" && address !== null ? address.port : port;
    const at = { host, port: open };
    const others = isEverywhere(at) ? outerAddresses() : [];
    const also = others.length === 0 ? "" : ` (this machine is ${others.join(", ")})`;
    say(`workers may come to tcp://${addressText(addressForOthers(at))}; what is said there is not encrypted${also}`);
    return {
      async close() {
        for (const socket of strangers) socket.destroy();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      },
    };
  };
}

function receive(socket: Socket, token: string, come: (name: string, connect: Connect) => void): void {
  let greeting: unknown;
  let reply: ReturnType<typeof replyTo>;
  const link = new TcpLink(socket, {
    ...unheard,
    message(value) {
      if (reply === undefined) {
        greeting = value;
        reply = replyTo(token, value);
        if (reply === undefined) link.destroy();
        else link.send(reply);
      } else if (isGreeting(greeting) && isAnswer(token, greeting, reply, value))
        come(greeting.name, (events) => {
          link.know(events);
          return link;
        });
      else link.destroy();
    },
  });
}

function listen(server: Server, { host, port }: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) =>
      reject(
        new MosaicError("CANNOT_LISTEN", `no worker can come to ${host}:${port}: ${error.message}`, { cause: error }),
      ),
    );
    server.listen({ host, port }, resolve);
  });
}
