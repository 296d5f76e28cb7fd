/** Who may ask at all: nobody but the one who started the board, and no page but its own. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Refused } from "./refused.ts";

export interface GuardSettings {
  /** Names under which the board may be asked for besides the machine's own. */
  readonly allowHosts: readonly string[];
  readonly hasToken: boolean;
}

const ownHosts = ["localhost", "127.0.0.1", "[::1]"];

export class Guard {
  /** undefined where everybody may ask who reaches the port. */
  readonly token: string | undefined;
  readonly #cookie = secret();
  /** A cookie goes to all servers of the machine, of other users too: it opens nothing without what the page alone keeps. */
  readonly #key = secret();
  readonly cookieName = `mosaic-board-${randomBytes(4).toString("hex")}`;
  readonly #hosts: ReadonlySet<string>;

  constructor({ allowHosts, hasToken }: GuardSettings) {
    this.token = hasToken ? secret() : undefined;
    this.#hosts = new Set([...ownHosts, ...allowHosts.map((host) => host.toLowerCase())]);
  }

  /** A name that an attacker's page has let point to this machine is refused (DNS rebinding), and so are other pages. */
  requireOwnPage({ headers, method }: IncomingMessage): void {
    const host = hostOf(headers.host);
    if (host === undefined || !this.#hosts.has(host.name))
      throw new Refused(421, {
        message: `the board is not asked for as ${JSON.stringify(String(headers.host).slice(0, 100))}`,
        remedy: "start it with --allow-host NAME where it is reached by another name",
      });
    const { origin } = headers;
    if (origin !== undefined && !this.#isOwnOrigin(origin, host))
      throw new Refused(403, { message: "another page may not ask the board" });
    const site = headers["sec-fetch-site"];
    if (site !== undefined && site !== "same-origin" && site !== "none" && headers["sec-fetch-mode"] !== "navigate")
      throw new Refused(403, { message: "another page may not ask the board" });
    if (method !== "GET" && method !== "HEAD" && method !== "POST")
      throw new Refused(405, { message: "the board takes GET and POST" });
  }

  /** Other ports of this machine belong to other programs. */
  #isOwnOrigin(origin: string, host: Host): boolean {
    const from = hostOf(/^https?:\/\/(.+)$/.exec(origin)?.[1]);
    if (from === undefined || !this.#hosts.has(from.name)) return false;
    return from.port === host.port || !ownHosts.includes(from.name);
  }

  isToken(given: string | null): boolean {
    return this.token === undefined || isSame(given, this.token);
  }

  hasCookie({ headers }: IncomingMessage): boolean {
    const cookies = (headers.cookie ?? "").split(";").map((cookie) => cookie.trim());
    const own = cookies.find((cookie) => cookie.startsWith(`${this.cookieName}=`));
    return this.token === undefined || isSame(own?.slice(this.cookieName.length + 1), this.#cookie);
  }

  /** As a header, and in the address of what a browser asks for by itself. */
  hasKey({ headers }: IncomingMessage, address: URL): boolean {
    if (this.token === undefined) return true;
    const given = headers["mosaic-board-key"] ?? address.searchParams.get("key");
    return isSame(typeof given === "string" ? given : undefined, this.#key);
  }

  /** Where who has the token is sent to, which is out of the address then; browsers do not send what is behind `#`. */
  get entrance(): string {
    return this.token === undefined ? "./" : `./#key=${this.#key}`;
  }

  /** Goes with what this page asks and with links to it, never with what another page asks, and only below the address that it was given at. */
  get setCookie(): string {
    return `${this.cookieName}=${this.#cookie}; HttpOnly; SameSite=Lax`;
  }
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}

function isSame(given: string | null | undefined, wanted: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given ?? ""), digest(wanted));
}

interface Host {
  /** In small letters. */
  readonly name: string;
  readonly port: string;
}

function hostOf(text: string | undefined): Host | undefined {
  const [, name, port = ""] = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(text ?? "") ?? [];
  return name === undefined ? undefined : { name: name.toLowerCase(), port };
}
