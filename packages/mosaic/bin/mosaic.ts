#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { mosaic } from "../src/commands/main.ts";

await mosaic();
