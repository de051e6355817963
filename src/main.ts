#!/usr/bin/env node
// Entry point: hands the arguments to the command they name; the exit code is the command's.

// Before anything else is loaded: without a handler Node opens its debugger at this signal. The command that has logs to
// open again adds its own.
process.on("SIGUSR1", () => undefined);
const { nameSources } = await import("./observe/stacks.ts");
nameSources();
const { main } = await import("./cli/main.ts");

process.exitCode = await main(process.argv.slice(2), process.env);
