/** What browsers load of the ground floor. */
export { sha256 } from "./sha256.browser.ts";
export * from "./shared.ts";
