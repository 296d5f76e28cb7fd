/** The fonts that text is measured and drawn with, from a package: a machine need not have any. */
import { fileURLToPath } from "node:url";
import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import { fontFamily } from "../marks/style.ts";

const files = [
  import.meta.resolve("@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf"),
  import.meta.resolve("@expo-google-fonts/source-sans-3/600SemiBold/SourceSans3_600SemiBold.ttf"),
];

/** Once a process. */
export function registerFonts(): void {
  if (isRegistered) return;
  for (const file of files)
    if (GlobalFonts.registerFromPath(fileURLToPath(file), fontFamily) === null)
      throw new Error(`${file} cannot be read as a font`);
  isRegistered = true;
}

let isRegistered = false;

/** Width in points of one line; `font` is as in CSS, "600 12px 'Source Sans 3'". */
export function textWidth(text: string, font: string): number {
  registerFonts();
  if (context.font !== font) context.font = font;
  return context.measureText(text).width;
}

const context = createCanvas(1, 1).getContext("2d");
