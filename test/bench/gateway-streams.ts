// The YAML our gateway runs with in the trials of streams and gRPC: routed among many rules, measured and logged.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { accessLogFile, gatewayEntry } from "./gateway-config.ts";
import type { Launch } from "./processes.ts";
import type { TrialSubject } from "./trial.ts";

/** What differs from trial to trial, each a piece of YAML. */
export interface GatewayPieces {
  readonly rules: readonly string[];
  /** Blocks of `gateway` beside those every trial has. */
  readonly blocks?: readonly string[];
  readonly frontend?: string;
  /** Keys of `frontend.http`. */
  readonly http?: string;
  readonly scheme?: "http" | "h2c";
  readonly service?: "http" | "grpc";
}

/** The pieces, or how they are made at the start. */
type Pieces = GatewayPieces | ((upstreamPort: number) => GatewayPieces);

/**
 * The gateway as a subject. `BENCH_OTHER`, the arguments of node for another build or another way to start this one, adds a
 * second one to compare with: `BENCH_OTHER="--cpu-prof --cpu-prof-dir=/tmp/p dist/main.js"`.
 */
export function gatewaySubjects(id: string, pieces: Pieces): readonly TrialSubject[] {
  const own = { id, prepare: gatewayWith(pieces, [gatewayEntry]) };
  const other = process.env.BENCH_OTHER?.split(" ").map((part) => (part.endsWith(".js") ? resolve(part) : part));
  return other === undefined ? [own] : [own, { id: `other-${id}`, prepare: gatewayWith(pieces, other) }];
}

/** Answers how to start the built gateway with its configuration in a folder of its own. */
function gatewayWith(wanted: Pieces, start: readonly string[]) {
  return (folder: string, port: number, upstreamPort: number): Launch => {
    const pieces = typeof wanted === "function" ? wanted(upstreamPort) : wanted;
    mkdirSync(folder, { recursive: true });
    const file = join(folder, "gateway.yaml");
    const others = Array.from(
      { length: 50 },
      (_, n) => `{ id: other-${n}, path: "/svc-${n}/items/{id}", serviceName: up }`,
    );
    const rules = [...pieces.rules, ...others].map((rule) => `      - ${rule}`);
    const instance = `{ address: 127.0.0.1, port: ${upstreamPort}, scheme: ${pieces.scheme ?? "http"} }`;
    writeFileSync(
      file,
      `gateway:
  frontend: { http: { host: 127.0.0.1, port: ${port}${pieces.http === undefined ? "" : `, ${pieces.http}`} }${pieces.frontend === undefined ? "" : `, ${pieces.frontend}`} }
  router:
    rules:
${rules.join("\n")}
  registry: { static: { services: [ { name: up, type: ${pieces.service ?? "http"}, instances: [ ${instance} ] } ] } }
  metrics: { enabled: true }
  telemetry: { logging: { output: ${JSON.stringify(accessLogFile(folder))} } }
${(pieces.blocks ?? []).map((block) => `  ${block}\n`).join("")}`,
    );
    return { command: process.execPath, args: [...start, "-config", file] };
  };
}
