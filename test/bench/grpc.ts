// The benchmark of gRPC: unary calls passed through, and the same calls made by JSON clients.
import { join } from "node:path";
import { gatewaySubjects } from "./gateway-streams.ts";
import { haproxyProxy } from "./haproxy-config.ts";
import { JSON_PATH } from "./message.ts";
import { nginx } from "./nginx-config.ts";
import type { Launch } from "./processes.ts";
import type { Trial } from "./trial.ts";
import { runProgram } from "./trial-main.ts";
import { cpuOf, ratioOf } from "./trial-report.ts";
import { typescript } from "./typescript.ts";

const CALLS = 64;
const PROTO = join(import.meta.dirname, "protos", "bench.proto");

const grpc: Trial = {
  id: "grpc",
  upstream: (port) => typescript("upstream/grpc.ts", String(port)),
  reference: "relay",
  subjects: [
    { id: "direct" },
    { id: "nginx", program: "nginx", prepare: nginxGrpc },
    {
      id: "haproxy",
      program: "haproxy",
      prepare: (folder, port, upstreamPort) => haproxyProxy(folder, port, upstreamPort, "h2"),
    },
    {
      id: "relay",
      prepare: (_folder, port, upstreamPort) => typescript("peers/grpc-relay.ts", String(port), String(upstreamPort)),
    },
    ...gatewaySubjects("gateway", {
      scheme: "h2c",
      service: "grpc",
      rules: [
        '{ id: calls, path: "/bench.v1.Echo/*", serviceName: up, protocol: grpc }',
        `{ id: json, path: "/v1/*", serviceName: up, protocol: grpc, grpc: { enableTranscoding: true, protoFiles: [${JSON.stringify(PROTO)}] } }`,
      ],
    }),
  ],
  cases: [
    {
      id: "grpc-unary",
      title: `unary calls, 1 KB each way, ${CALLS} under way on 4 connections`,
      unit: "call",
      generator: "grpc",
      orders: { connections: CALLS, bytes: 0, path: "", warmMs: 500 },
      note: "Load generator and backend speak raw HTTP/2 frames and decode no header. relay is a grpc-js server whose generic handler calls on with a grpc-js client and leaves the bytes unread.",
    },
    {
      id: "grpc-json",
      title: `the same calls as JSON over HTTP/1.1, ${CALLS} connections`,
      unit: "call",
      generator: "json",
      orders: { connections: CALLS, bytes: 0, path: JSON_PATH, warmMs: 500 },
      only: ["gateway", "other-gateway"],
    },
  ],
};

function nginxGrpc(folder: string, port: number, upstreamPort: number): Launch {
  return nginx(
    folder,
    `
    upstream up { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; }
    server {
      listen 127.0.0.1:${port} http2 backlog=1024;
      location / { grpc_pass grpc://up; }
    }`,
  );
}

runProgram(
  {
    title: "Benchmark of gRPC",
    file: "grpc.ts",
    trials: [grpc],
    goals: (results) => [
      {
        name: "gateway / relay grpc-unary, CPU",
        value: ratioOf(results, ["grpc-unary", "gateway"], ["grpc-unary", "relay"]),
        limit: 0.6,
        digits: 2,
      },
      {
        name: "gateway grpc-json, CPU µs/call",
        value: cpuOf(results, "grpc-json", "gateway")?.median,
        limit: null,
        digits: 1,
      },
      {
        name: "gateway grpc-json / gateway grpc-unary, CPU",
        value: ratioOf(results, ["grpc-json", "gateway"], ["grpc-unary", "gateway"]),
        limit: null,
        digits: 2,
      },
    ],
  },
  process.argv.slice(2),
);
