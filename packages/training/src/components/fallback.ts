import { nearestName } from "@ml-mosaic/base";
import { type ComponentClass, component, configOfText, type Registry, type Type } from "@ml-mosaic/configurable";

type TypedClass<Instance extends object> = ComponentClass<Instance> & { readonly registered: Registry };

/**
 * A component chosen among the classes registered under `base`, and after them among those under `generic`, which is a
 * typed base of its own below it: so a package or a user may give a name to a class of theirs that a generic one has. Only
 * a name that is spelled exactly as that of a generic one, and of none before it, is the generic one's. What may be a name
 * of either, but for capitals, is refused: `bceloss` is BigSF's BceLoss or PyTorch's BCELoss.
 */
export function componentOr<Instance extends object>(
  base: TypedClass<Instance>,
  generic: TypedClass<Instance>,
): Type<Instance> {
  return {
    expected: component(base).expected,
    form: { kind: "union", members: [component(base), component(generic)] },
    read(value, options) {
      const given = options?.text === true ? configOfText(value) : { ok: true as const, config: Object(value) };
      if (!given.ok) return given;
      const { type }: { readonly type?: unknown } = given.config;
      const knows = ({ registered }: TypedClass<Instance>, spell: (name: string) => string) =>
        typeof type === "string" && registered.some(({ names }) => names.some((name) => spell(name) === spell(type)));
      const [own, other] = [base, generic].map(({ registered }) => spelledAlike(registered, type));
      if (own !== undefined && other !== undefined && own !== other && own !== type && other !== type) {
        const message = `${JSON.stringify(type)} may be ${JSON.stringify(own)} or ${JSON.stringify(other)}, which are different; write it as one of them`;
        return { ok: false, problems: [{ kind: "precondition", path: ["type"], message }] };
      }
      const exactly = (name: string) => name;
      const anyCase = (name: string) => name.toLowerCase();
      const isGeneric = knows(generic, exactly) && !knows(base, exactly);
      if (knows(base, anyCase) && !isGeneric) return base.readComponent(value, options);
      const reading = generic.readComponent(value, options);
      if (reading.ok || knows(generic, anyCase)) return reading;
      // Neither has it: all names are to be seen.
      const all = [...base.registered, ...generic.registered];
      const types = new Set(all.map((each) => JSON.stringify(each.type)));
      const expected = `one of ${[...types].sort().join(", ")}`;
      const names = all.flatMap((each) => each.names);
      const nearest = typeof type === "string" ? nearestName(type, names) : undefined;
      const named = reading.problems.map((problem) =>
        "expected" in problem && problem.path.length === 1 && problem.path[0] === "type"
          ? { ...problem, expected, nearest }
          : problem,
      );
      return { ok: false, problems: named };
    },
  };
}

/** The name that a type is, but for capitals; the very same one where there is one. */
function spelledAlike(registered: Registry, type: unknown): string | undefined {
  if (typeof type !== "string") return undefined;
  const names = registered.flatMap((each) => each.names);
  return names.find((name) => name === type) ?? names.find((name) => name.toLowerCase() === type.toLowerCase());
}
