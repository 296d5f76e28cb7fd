/**
 * Both sides prove that they know the token, and neither says it: the worker first, so that a port answers nobody else at all.
 * What follows is neither encrypted nor signed.
 */
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isPlainObject } from "@ml-mosaic/base";

export interface Greeting {
  readonly name: string;
  readonly nonce: string;
  readonly proof: string;
}

export interface Reply {
  readonly nonce: string;
  readonly proof: string;
}

export function greet(token: string, name: string): Greeting {
  const nonce = randomBytes(32).toString("hex");
  return { name, nonce, proof: proofOf(token, "greeting", name, nonce) };
}

/** @returns undefined for whoever does not know the token */
export function replyTo(token: string, value: unknown): Reply | undefined {
  if (!isGreeting(value) || !isEqual(value.proof, proofOf(token, "greeting", value.name, value.nonce)))
    return undefined;
  const nonce = randomBytes(32).toString("hex");
  return { nonce, proof: proofOf(token, "reply", value.name, value.nonce, nonce) };
}

/** @returns undefined where the other side does not know the token */
export function answer(token: string, greeting: Greeting, value: unknown): string | undefined {
  if (!isPlainObject(value) || typeof value.nonce !== "string" || typeof value.proof !== "string") return undefined;
  if (!isEqual(value.proof, proofOf(token, "reply", greeting.name, greeting.nonce, value.nonce))) return undefined;
  return proofOf(token, "answer", greeting.name, greeting.nonce, value.nonce);
}

/** Whether the worker is there now, and no record of an earlier one. */
export function isAnswer(token: string, greeting: Greeting, reply: Reply, value: unknown): boolean {
  const proof = proofOf(token, "answer", greeting.name, greeting.nonce, reply.nonce);
  return typeof value === "string" && isEqual(value, proof);
}

export function isGreeting(value: unknown): value is Greeting {
  return (
    isPlainObject(value) &&
    typeof value.name === "string" &&
    /^[\w.-]{1,200}$/.test(value.name) &&
    typeof value.nonce === "string" &&
    typeof value.proof === "string"
  );
}

function proofOf(token: string, ...parts: readonly string[]): string {
  return createHmac("sha256", token).update(JSON.stringify(parts)).digest("hex");
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
