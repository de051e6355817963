// The upstream everybody proxies to: an nginx of our own, or a small raw server where nginx is missing.
import { join } from "node:path";
import { nginxUpstream } from "./nginx-config.ts";
import type { Launch } from "./processes.ts";
import { isInstalled } from "./tools.ts";

/** Writes what the upstream needs and answers how to start it. */
export function prepareUpstream(folder: string, port: number): Launch {
  if (isInstalled("nginx")) return nginxUpstream(folder, port);
  return { command: process.execPath, args: [join(import.meta.dirname, "upstream", "raw.mjs"), String(port)] };
}

/** What the report calls it. */
export function upstreamTitle(): string {
  return isInstalled("nginx") ? "own nginx, one process" : "raw node:net server (nginx is missing)";
}
