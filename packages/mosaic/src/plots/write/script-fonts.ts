/** Fonts for scripts that Source Sans 3 lacks. */
export const scriptFonts = [
  scriptFont(
    "noto-sans-sc",
    import.meta.resolve("@fontsource-variable/noto-sans-sc/unicode.json"),
    // With the punctuation and wide forms used among them.
    /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\u3000-\u303f\u30fc\uff00-\uffef]/gu,
  ),
  scriptFont(
    "noto-sans-kr",
    import.meta.resolve("@fontsource-variable/noto-sans-kr/unicode.json"),
    /\p{Script=Hangul}/gu,
  ),
  scriptFont(
    "noto-sans-hebrew",
    import.meta.resolve("@fontsource-variable/noto-sans-hebrew/unicode.json"),
    /\p{Script=Hebrew}/gu,
  ),
  scriptFont(
    "noto-sans-arabic",
    import.meta.resolve("@fontsource-variable/noto-sans-arabic/unicode.json"),
    /\p{Script=Arabic}/gu,
  ),
];

/** @param index JSON: the characters of each part, `{ "[4]": "U+4E00-4E8F,U+5001" }` */
function scriptFont(name: string, index: string, characters: RegExp) {
  const fileOf = (part: string) => new URL(`files/${name}-${part}-wght-normal.woff2`, index).href;
  return { name, index, characters, fileOf };
}
