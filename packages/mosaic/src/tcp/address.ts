import { MosaicError } from "../errors.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** With a host. */
export function isAddress(text: string): boolean {
  return parseAddress(text, "") !== undefined;
}

/** `host:port`, `[::1]:port`, or for a port alone the host that is given. */
export function readAddress(text: string, host = ""): Address {
  const address = parseAddress(text, host);
  if (address !== undefined) return address;
  throw new MosaicError("BAD_ADDRESS", `"${text}" is no address: write host:port, as in 10.0.0.1:7000`);
}

/** As `readAddress` takes it. */
export function addressText({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseAddress(text: string, otherwise: string): Address | undefined {
  const [, bracketed, plain, port = ""] = /^(?:\[([^\]]+)\]:|([^:]*):)?(\d{1,5})$/.exec(text) ?? [];
  const address = { host: bracketed ?? (plain || otherwise), port: Number(port) };
  return port !== "" && address.port < 65_536 && address.host !== "" ? address : undefined;
}
