#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { runProcess } from "@ml-mosaic/command-line";
import { mosaic } from "../src/commands/main.ts";

await runProcess(mosaic, "status");
