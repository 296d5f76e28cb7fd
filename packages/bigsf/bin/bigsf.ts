#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { runProcess } from "@ml-mosaic/command-line";
import { bigsf } from "../src/commands/main.ts";

await runProcess(bigsf);
