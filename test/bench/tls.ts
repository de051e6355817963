// The benchmark of TLS: full and resumed handshakes, with one certificate and with many to choose from by name.
import { join } from "node:path";
import { benchCertificate, manyCertificates, manyHost } from "./certificate.ts";
import { gatewayTls } from "./gateway-config.ts";
import { gatewaySubjects } from "./gateway-streams.ts";
import type { HandshakeOrders } from "./load/window.ts";
import { nginx } from "./nginx-config.ts";
import type { Launch } from "./processes.ts";
import type { Trial, TrialCase } from "./trial.ts";
import { runProgram } from "./trial-main.ts";
import { cpuOf, medianOf, ratioOf } from "./trial-report.ts";

const CONNECTIONS = 32;
const MANY = 1000;
/** Six tenths of nginx's rate, as CPU time. */
const GOAL = 1.67;

const raw = (port: number): Launch => ({
  command: process.execPath,
  args: [join(import.meta.dirname, "upstream", "raw.mjs"), String(port)],
});

const rules = ['{ id: all, path: "/*", serviceName: up }'];

const handshakes: Trial = {
  id: "handshakes",
  upstream: raw,
  reference: "nginx",
  subjects: [
    { id: "nginx", program: "nginx", prepare: nginxTls },
    { id: "node", prepare: bareNode },
    ...gatewaySubjects("gateway", () => ({ rules, http: gatewayTls(benchCertificate()) })),
    ...gatewaySubjects("gateway-many", () => ({ rules, http: manyTls() })),
  ],
  cases: [
    handshakeCase("tls13-full", { version: "TLSv1.3", resumed: false, names: 0 }),
    handshakeCase("tls12-full", { version: "TLSv1.2", resumed: false, names: 0 }),
    handshakeCase("tls13-resumed", { version: "TLSv1.3", resumed: true, names: 0 }),
    handshakeCase("tls12-resumed", { version: "TLSv1.2", resumed: true, names: 0 }),
    {
      ...handshakeCase("tls13-names", { version: "TLSv1.3", resumed: false, names: MANY }),
      title: `full handshakes of TLS 1.3 for ${MANY} names in turn`,
      only: ["gateway-many", "other-gateway-many"],
    },
  ],
};

function handshakeCase(id: string, handshake: HandshakeOrders): TrialCase {
  const { version, resumed } = handshake;
  return {
    id,
    title: `${resumed ? "resumed" : "full"} handshakes of ${version.replace("v", " ")}, ${CONNECTIONS} at a time`,
    unit: "handshake",
    generator: "handshakes",
    orders: { connections: CONNECTIONS, bytes: 0, path: "", warmMs: 1000, handshake },
    only: ["nginx", "node", "gateway", "other-gateway"],
    ...(id === "tls13-full"
      ? {
          note: "X25519, AES-128-GCM, ECDSA on P-256; the connection is closed behind the handshake. node is a bare tls.createServer: what any server on Node pays. Where the load generator is busy all the time, the rate is its own, and CPU time is what tells.",
        }
      : {}),
  };
}

function manyTls(): string {
  const list = manyCertificates(MANY).map(
    ({ cert, key }, n) =>
      `{ certFile: ${JSON.stringify(cert)}, keyFile: ${JSON.stringify(key)}, hosts: [ ${manyHost(n)} ] }`,
  );
  return gatewayTls(benchCertificate(), `, certificates: [ ${list.join(", ")} ]`);
}

function nginxTls(folder: string, port: number): Launch {
  const { cert, key } = benchCertificate();
  return nginx(
    folder,
    `
    server {
      listen 127.0.0.1:${port} ssl backlog=1024;
      ssl_certificate ${cert};
      ssl_certificate_key ${key};
      ssl_protocols TLSv1.2 TLSv1.3;
      location / { return 200; }
    }`,
  );
}

function bareNode(_folder: string, port: number): Launch {
  const { cert, key } = benchCertificate();
  const script = join(import.meta.dirname, "peers", "tls-server.mjs");
  return { command: process.execPath, args: [script, String(port), cert, key] };
}

runProgram(
  {
    title: "Benchmark of TLS",
    file: "tls.ts",
    trials: [handshakes],
    goals: (results) => {
      const rate = (caseId: string, subject: string) => {
        const cpu = cpuOf(results, caseId, subject)?.median;
        return cpu === undefined ? undefined : 1e6 / cpu;
      };
      const memory = (subject: string) =>
        medianOf(results, ...(subject.split("/") as [string, string]), (s) => s.rssMb);
      const many = memory("tls13-names/gateway-many");
      const one = memory("tls13-full/gateway");
      return [
        ...["tls13-full", "tls12-full", "tls13-resumed", "tls12-resumed"].flatMap((id) => [
          { name: `nginx ${id}, handshakes a second of CPU time`, value: rate(id, "nginx"), limit: null, digits: 0 },
          {
            name: `gateway ${id}, handshakes a second of CPU time`,
            value: rate(id, "gateway"),
            limit: null,
            digits: 0,
          },
        ]),
        ...["tls13-full", "tls12-full"].map((id) => ({
          name: `gateway / nginx ${id}, CPU (0.6 of its rate)`,
          value: ratioOf(results, [id, "gateway"], [id, "nginx"]),
          limit: GOAL,
          digits: 2,
        })),
        {
          name: `gateway with ${MANY} certificates, CPU of a handshake over that with one`,
          value: ratioOf(results, ["tls13-names", "gateway-many"], ["tls13-full", "gateway"]),
          limit: null,
          digits: 2,
        },
        {
          name: `memory of ${MANY} certificates, MB`,
          value: many === undefined || one === undefined ? undefined : many - one,
          limit: 20,
          digits: 0,
        },
      ];
    },
  },
  process.argv.slice(2),
);
