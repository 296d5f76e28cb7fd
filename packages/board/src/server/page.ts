/** The one page: names its styles, the import map and the client's program; all else is drawn by that program. */
import { createHash } from "node:crypto";
import { clientEntry, clientStyles, importMap, moduleAddresses } from "./client-files.ts";

const importMapText = JSON.stringify({ imports: importMap });

export const pageText = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mosaic</title>
<link rel="icon" href="data:,">
${clientStyles.map((address) => `<link rel="stylesheet" href="./${address}">`).join("\n")}
<script type="importmap">${importMapText}</script>
${moduleAddresses.map((address) => `<link rel="modulepreload" href="./${address}">`).join("\n")}
<script type="module" src="./${clientEntry}"></script>
<div id="board"></div>
<noscript>The board needs JavaScript.</noscript>
</html>
`;

/** What one sees who has not been given the token, or whose board has been started anew since. */
export const lockedPageText = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mosaic</title>
<p>This board is its owner's. Open the address that <code>mosaic board</code> has printed: it ends in a token.</p>
</html>
`;

/** An import map has to stand in the page itself; its hash lets it pass where no inline script may. */
const importMapHash = createHash("sha256").update(importMapText).digest("base64");

export const contentSecurityPolicy = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${importMapHash}'`,
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");
