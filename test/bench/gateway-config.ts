// The YAML our own gateway runs with: routed among many rules, measured and logged, as one would run it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Certificate } from "../support/certificates.ts";
import { benchCertificate } from "./certificate.ts";
import type { Launch } from "./processes.ts";

export const gatewayEntry = join(import.meta.dirname, "..", "..", "dist", "main.js");

/** Where the gateway started from this folder writes its access log. */
export function accessLogFile(folder: string): string {
  return join(folder, "access.log");
}

/** Writes the configuration into a folder of its own and answers how to start the built gateway with it. */
export function gatewayProxy(folder: string, port: number, upstreamPort: number): Launch {
  return gatewayWith(folder, `port: ${port}`, upstreamPort);
}

/** The same for clients of HTTPS. */
export function gatewayHttpsProxy(folder: string, port: number, upstreamPort: number): Launch {
  return gatewayWith(folder, `port: ${port}, ${gatewayTls(benchCertificate())}`, upstreamPort);
}

/** The block of a listener, as YAML. @param more further keys */
export function gatewayTls({ cert, key }: Certificate, more = ""): string {
  return `tls: { enabled: true, certFile: ${JSON.stringify(cert)}, keyFile: ${JSON.stringify(key)}${more} }`;
}

function gatewayWith(folder: string, listener: string, upstreamPort: number): Launch {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "gateway.yaml");
  const others = Array.from(
    { length: 50 },
    (_, n) => `      - { id: other-${n}, path: "/svc-${n}/items/{id}", serviceName: up }`,
  );
  writeFileSync(
    file,
    `gateway:
  frontend: { http: { host: 127.0.0.1, ${listener} } }
  backend: { http: { maxIdleConnsPerHost: 256, maxIdleConns: 512 } }
  router:
    rules:
      - { id: bench, path: "/*", serviceName: up }
${others.join("\n")}
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: ${upstreamPort} } ] } ] } }
  metrics: { enabled: true }
  telemetry: { logging: { output: ${JSON.stringify(accessLogFile(folder))} } }
`,
  );
  return { command: process.execPath, args: [gatewayEntry, "-config", file] };
}
