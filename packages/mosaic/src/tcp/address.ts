import { hostname, networkInterfaces } from "node:os";
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

/** Whoever listens there listens at all addresses of this machine, none of which it is for others. */
export function isEverywhere({ host }: Address): boolean {
  return /^(0\.0\.0\.0|::|\*)$/.test(host);
}

/** By which other machines may reach what listens there. */
export function addressForOthers(address: Address): Address {
  return isEverywhere(address) ? { ...address, host: hostname() } : address;
}

/** Of this machine those that others may reach. */
export function outerAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return all.filter(({ internal, address }) => !internal && !address.startsWith("fe80:")).map(({ address }) => address);
}

function parseAddress(text: string, otherwise: string): Address | undefined {
  const [, bracketed, plain, port = ""] = /^(?:\[([^\]]+)\]:|([^:]*):)?(\d{1,5})$/.exec(text) ?? [];
  const address = { host: bracketed ?? (plain || otherwise), port: Number(port) };
  return port !== "" && address.port < 65_536 && address.host !== "" ? address : undefined;
}
