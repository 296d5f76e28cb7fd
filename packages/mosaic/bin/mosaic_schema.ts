#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
import { mosaicVerb } from "../src/commands/main.ts";

await mosaicVerb("schema");
