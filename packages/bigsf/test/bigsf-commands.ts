/** The process in which tests carry out commands of `bigsf` one after the other. */
import "@ml-mosaic/base/own-modules";
import { runProgram } from "@ml-mosaic/command-line";
import { serveCommands } from "@ml-mosaic/testing/serve-commands";
import { bigsf } from "../src/commands/main.ts";

serveCommands((args, terminal) => runProgram(bigsf, args, terminal));
