#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { bigsf } from "../src/commands/main.ts";

await bigsf();
