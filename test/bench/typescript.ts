// How to start one of our own TypeScript programs as a process of its own.
import { join } from "node:path";
import type { Launch } from "./processes.ts";

/** @param file relative to this folder */
export function typescript(file: string, ...args: readonly string[]): Launch {
  const script = join(import.meta.dirname, file);
  return { command: process.execPath, args: ["--import", import.meta.resolve("tsx"), script, ...args] };
}
