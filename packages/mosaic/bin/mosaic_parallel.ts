#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
const found = process.versions.node;
if (Number.parseInt(found, 10) < 24) {
  const remedy =
    'https://nodejs.org has it; for one project: npm install node@24, with "allowScripts": { "node": true } in package.json';
  process.stderr.write(`mosaic needs Node 24 or later, and Node ${found} was found. ${remedy}.\n`);
  process.exit(2);
}
const { keepCompiledCode } = await import("@ml-mosaic/base/compile-cache");
keepCompiledCode();
await import("@ml-mosaic/base/own-modules");
const { runProcess } = await import("@ml-mosaic/command-line");
const { mosaic } = await import("../src/commands/main.ts");
await runProcess(mosaic, "parallel");

export {};
