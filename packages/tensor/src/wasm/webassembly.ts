/** What is used of the interface to WebAssembly, whose types TypeScript has for browsers alone. */
interface Interface {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: new (...limits: never) => Memory;
  readonly RuntimeError: new (...message: never) => Error;
}

export interface Memory {
  /** Another one after the memory has grown. */
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const found: unknown = Reflect.get(globalThis, "WebAssembly");
if (!isInterface(found)) throw new Error("this runtime has no WebAssembly");
export const webAssembly = found;

function isInterface(value: unknown): value is Interface {
  return typeof value === "object" && value !== null && "Module" in value && "Instance" in value;
}
