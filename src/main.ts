#!/usr/bin/env node
// Entry point: hands the arguments to the command they name; the exit code is the command's.
import { main } from "./cli/main.ts";

process.exitCode = await main(process.argv.slice(2), process.env);
