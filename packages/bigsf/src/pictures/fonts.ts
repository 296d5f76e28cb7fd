/** The font of all pictures, from a package: a machine need not have any. */
import { fileURLToPath } from "node:url";
import { GlobalFonts } from "@napi-rs/canvas";

export const FONT_FAMILY = "Source Sans 3";

const files = [
  import.meta.resolve("@expo-google-fonts/source-sans-3/400Regular/SourceSans3_400Regular.ttf"),
  import.meta.resolve("@expo-google-fonts/source-sans-3/600SemiBold/SourceSans3_600SemiBold.ttf"),
];

let isRegistered = false;

/** Once a process. */
export function registerFonts(): void {
  if (isRegistered) return;
  for (const file of files)
    if (GlobalFonts.registerFromPath(fileURLToPath(file), FONT_FAMILY) === null)
      throw new Error(`${file} cannot be read as a font`);
  isRegistered = true;
}
