// What data planes need to know about a process that serves alone.
import { randomBytes } from "node:crypto";
import type { ProcessFacts } from "../core/data-plane.ts";
import { openFileLimit } from "./open-files.ts";

/** This process is alone: what data planes share is made here, and nothing is divided. */
export function processFacts(version: string): ProcessFacts {
  const mark = () => randomBytes(6).toString("hex");
  return {
    version,
    instanceId: mark(),
    memberId: mark(),
    sessionSecret: randomBytes(32).toString("hex"),
    share: 1,
    openFiles: openFileLimit(),
    terminal: process.stdout.isTTY === true,
  };
}
