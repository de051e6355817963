// The haproxy configuration of the benchmark: one thread, connections kept and shared on both sides.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Launch } from "./processes.ts";

/**
 * Writes the configuration into a folder of its own and answers how to start it.
 * @param protocol spoken on both sides: empty for HTTP/1.1, `h2` for HTTP/2 without TLS
 */
export function haproxyProxy(folder: string, port: number, upstreamPort: number, protocol: "" | "h2" = ""): Launch {
  const proto = protocol === "" ? "" : ` proto ${protocol}`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4096

defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 60s
  timeout http-keep-alive 600s

frontend front
  bind 127.0.0.1:${port} backlog 1024${proto}
  default_backend up

backend up
  server one 127.0.0.1:${upstreamPort} pool-max-conn 64${proto}
`,
  );
  return { command: "haproxy", args: ["-db", "-f", file] };
}
