import { any, configurable, float, int, schema, string } from "@ml-mosaic/configurable";
import { describe, expect, test } from "vitest";
import type { ModuleSpec } from "../pipelines/pipeline.ts";
import { constructModule, type EarlierInfo } from "./construct.ts";
import type { UserClass } from "./load-class.ts";

const spec = { type: "net", className: "Net", path: "./net.ts", key: "k", section: "NET", options: { width: "4" } };
const earlier: readonly EarlierInfo[] = [
  { name: "info() of Second", values: { input_size: 8, width: 99 } },
  { name: "info() of First", values: { input_size: 2, batch_size: 16 } },
];

function construct(userClass: UserClass, own: ModuleSpec = spec) {
  return constructModule({ spec: own, userClass, earlier, folder: "/" });
}

class Keeps {
  readonly options: unknown;
  constructor(options: Readonly<Record<string, unknown>>) {
    this.options = { ...options };
  }
}

describe("values", () => {
  test("come from the own section first, then from the latest info()", () => {
    const { instance, moduleInfo } = construct(Keeps);
    expect(instance).toEqual({ options: { width: 4, input_size: 8, batch_size: 16 } });
    expect(moduleInfo).toEqual({ width: 4 });
  });

  const quoted = { ...spec, options: { code: '"008"', flag: '"true"', plain: "008", name: "1E234x" } };

  test("in quotes are text for a class that says no types", () => {
    const { moduleInfo } = construct(Keeps, quoted);
    expect(moduleInfo).toEqual({ code: "008", flag: "true", plain: 8, name: "1E234x" });
  });

  test("in quotes are what the types say", () => {
    class Typed extends Keeps {
      static readonly configSchema = { code: schema(string), flag: schema(any), plain: schema(int), name: schema(any) };
    }
    expect(construct(Typed, quoted).moduleInfo).toEqual({ code: "008", flag: "true", plain: 8, name: "1E234x" });
    const whole = { ...quoted, options: { ...quoted.options, plain: '"8"' } };
    expect(construct(Typed, whole).moduleInfo).toMatchObject({ plain: 8 });
  });

  test("are those of the schema and no others where there is one", () => {
    class Checked extends Keeps {
      static readonly configSchema = {
        width: schema(int),
        input_size: schema(int),
        rate: schema(float, { default: 0.5 }),
      };
    }
    const { instance, moduleInfo } = construct(Checked);
    expect(instance).toEqual({ options: { width: 4, input_size: 8, rate: 0.5 } });
    expect(moduleInfo).toEqual({ width: 4 });
  });
});

describe("what is missing", () => {
  const places = "neither in [NET] nor in info() of Second nor in info() of First";

  test("is named with all places that were looked in, all of it at once", () => {
    class Needs {
      constructor({ depth, sizes, width }: Readonly<Record<string, unknown>>) {
        void [depth, sizes, width];
      }
    }
    expect(() => construct(Needs)).toThrow(
      `Net (./net.ts): depth is missing: it is ${places}\n  sizes is missing: it is ${places}`,
    );
  });

  test("is named by a schema too", () => {
    class Checked extends Keeps {
      static readonly configSchema = { width: schema(int), depth: schema(int) };
    }
    expect(() => construct(Checked)).toThrow(
      /Net \(\.\/net\.ts\):.*depth.*\[NET\].*info\(\) of Second.*info\(\) of First/s,
    );
  });

  test("is found where the constructor takes the object whole", () => {
    class Whole {
      readonly depth: unknown;
      constructor(options: Readonly<Record<string, unknown>>) {
        this.depth = options.depth;
      }
    }
    expect(() => construct(Whole)).toThrow(`Net (./net.ts): depth is missing: it is ${places}; where it may be absent`);
  });

  test("explains what came of it", () => {
    class Whole {
      constructor(options: Readonly<Record<string, unknown>>) {
        Object(options.sizes).map();
      }
    }
    expect(() => construct(Whole)).toThrow(
      expect.objectContaining({ message: expect.stringContaining("sizes is missing"), cause: expect.any(TypeError) }),
    );
  });

  test("is not what the language looks up on its own", () => {
    class Prints {
      constructor(options: Readonly<Record<string, unknown>>) {
        JSON.stringify(options);
        void [`${String(options)}`, "depth" in options, Object.keys(options)];
      }
    }
    expect(construct(Prints).instance).toBeInstanceOf(Prints);
  });
});

test("lets the constructor's own error through", () => {
  const error = new RangeError("too wide");
  class Throws {
    constructor({ width }: Readonly<Record<string, unknown>>) {
      if (width === 4) throw error;
    }
  }
  expect(() => construct(Throws)).toThrow(error);
});

test("refuses a configSchema that is none", () => {
  class Odd extends Keeps {
    static readonly configSchema = { width: "int" };
  }
  expect(() => construct(Odd)).toThrow("its configSchema is not made of schema(…)");
});

describe("a class made with configurable", () => {
  class Net extends configurable({
    width: schema(int),
    input_size: schema(int),
    rate: schema(float, { default: 0.5 }),
  }) {
    readonly area = this.width * this.input_size;
    override preconditions() {
      return this.width > 8 ? [{ option: "width", message: "8 at most" }] : [];
    }
  }

  const net: unknown = Net;
  // As it comes out of the user's file.
  if (!isUserClass(net)) throw new TypeError("Net is no class");

  test("has its options as attributes, from the same places", () => {
    expect({ ...construct(net).instance }).toEqual({ width: 4, input_size: 8, rate: 0.5, area: 32 });
  });

  test("is asked for its preconditions", () => {
    expect(() => construct(net, { ...spec, options: { width: "9" } })).toThrow("Net width: 8 at most");
  });
});

function isUserClass(value: unknown): value is UserClass {
  return typeof value === "function";
}
