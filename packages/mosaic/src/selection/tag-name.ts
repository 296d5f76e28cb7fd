import { accept, refuse, type Type } from "@ml-mosaic/configurable";

const mostCharacters = 100;

/** A name that people give to runs: one line, without a comma, so that several can be listed with commas. */
export const tagName: Type<string> = {
  expected: `a tag of up to ${mostCharacters} characters, without commas`,
  form: { kind: "string" },
  read(value) {
    const tag = typeof value === "string" ? value.trim() : "";
    const isTag = tag !== "" && tag.length <= mostCharacters && !/[,\p{Cc}\u2028\u2029]/u.test(tag);
    return isTag ? accept(tag) : refuse(value, tagName.expected);
  },
};
