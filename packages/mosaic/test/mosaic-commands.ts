/** The process in which tests carry out commands of `mosaic` one after the other. */
import "@ml-mosaic/base/own-modules";
import { runProgram } from "@ml-mosaic/command-line";
import { serveCommands } from "@ml-mosaic/testing/serve-commands";
import { mosaic } from "../src/commands/main.ts";
import { beginUserFiles } from "../src/modules/user-files.ts";

serveCommands((args, terminal) => {
  beginUserFiles(undefined);
  return runProgram(mosaic, args, terminal);
});
