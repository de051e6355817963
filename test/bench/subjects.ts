// Everything that is measured, as data: how each subject is started and what it needs to be there.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { gatewayEntry, gatewayHttpsProxy, gatewayProxy } from "./gateway-config.ts";
import { haproxyProxy } from "./haproxy-config.ts";
import { nginxHttpsProxy, nginxProxy } from "./nginx-config.ts";
import type { Launch } from "./processes.ts";
import { isInstalled } from "./tools.ts";

export interface Subject {
  readonly id: string;
  /** The npm package of a peer, whose version the report names. */
  readonly npmPackage?: string;
  /** The program that has to be installed. */
  readonly program?: string;
  /** Speaks HTTPS to its clients. */
  readonly secure?: boolean;
  /** The cases it takes part in; all when absent. */
  readonly only?: readonly string[];
  /** Why this subject cannot run here, or nothing. */
  missing(): string | undefined;
  /** Writes its configuration and answers how to start it; nothing for the upstream itself. */
  readonly prepare?: (folder: string, port: number, upstreamPort: number) => Launch;
}

/** What a connection costs is the subject of tls.ts; here it is what a request on one does. */
const OVER_TLS = { secure: true, only: ["get-1k", "post-2k", "get-100k"] };

export const subjects: readonly Subject[] = [
  { id: "direct", missing: () => undefined },
  program("nginx", nginxProxy),
  program("haproxy", haproxyProxy),
  peer("http-proxy", "http-proxy"),
  peer("httpxy", "httpxy"),
  peer("reply-from", "@fastify/reply-from"),
  {
    id: "gateway",
    missing: () => (existsSync(gatewayEntry) ? undefined : "dist/main.js is not built"),
    prepare: gatewayProxy,
  },
  { ...program("nginx", nginxHttpsProxy), id: "nginx-https", ...OVER_TLS },
  {
    id: "gateway-https",
    missing: () => (existsSync(gatewayEntry) ? undefined : "dist/main.js is not built"),
    prepare: gatewayHttpsProxy,
    ...OVER_TLS,
  },
];

export const allSubjectIds: readonly string[] = subjects.map((one) => one.id);

function program(id: string, prepare: NonNullable<Subject["prepare"]>): Subject {
  return { id, program: id, missing: () => (isInstalled(id) ? undefined : `${id} is not installed`), prepare };
}

function peer(id: string, npmPackage: string): Subject {
  return {
    id,
    npmPackage,
    missing: () =>
      existsSync(join(import.meta.dirname, "node_modules", npmPackage)) ? undefined : `${npmPackage} is not installed`,
    prepare: (_folder, port, upstreamPort) => ({
      command: process.execPath,
      args: [join(import.meta.dirname, "peers", `${id}.mjs`), String(port), String(upstreamPort)],
    }),
  };
}
