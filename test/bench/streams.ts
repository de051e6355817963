// The benchmark of streams: WebSocket messages and idle WebSockets, and event streams to many clients at once.
import { spawnSync } from "node:child_process";
import { gatewaySubjects } from "./gateway-streams.ts";
import { nginx } from "./nginx-config.ts";
import type { Launch } from "./processes.ts";
import { spreadOf } from "./statistics.ts";
import type { Trial } from "./trial.ts";
import { runProgram } from "./trial-main.ts";
import { medianOf, ratioOf } from "./trial-report.ts";
import { typescript } from "./typescript.ts";

const CONNECTIONS = 64;
const STREAMS = 5000;
const NGINX_CONNECTIONS = 40_000;
/** Every connection is two to a proxy; a proxy opens some files besides. */
const SPARE_FILES = 300;
/** 10 000, or what the limit of open files admits. */
const IDLE = Math.min(10_000, Math.floor((openFiles() - SPARE_FILES) / 2));

const sockets = "websocket: { maxConnections: 0 }";

const websocket: Trial = {
  id: "websocket",
  upstream: (port) => typescript("upstream/echo.ts", String(port)),
  reference: "nginx",
  subjects: [
    { id: "direct" },
    { id: "nginx", program: "nginx", prepare: nginxSockets },
    ...gatewaySubjects("gateway", {
      frontend: sockets,
      rules: ['{ id: ws, path: "/ws", serviceName: up, protocol: websocket }'],
    }),
    ...gatewaySubjects("gateway-messages", {
      frontend: sockets,
      rules: ['{ id: ws, path: "/ws", serviceName: up, protocol: websocket, websocket: { mode: messages } }'],
    }),
  ],
  cases: [
    {
      id: "ws-64",
      title: `WebSocket, ${CONNECTIONS} connections, echo of 64 bytes`,
      unit: "message",
      generator: "websocket",
      orders: { connections: CONNECTIONS, bytes: 64, path: "/ws", warmMs: 500 },
      note: "There and back are two messages; p50 and the like are of the whole round trip.",
    },
    {
      id: "ws-1k",
      title: `WebSocket, ${CONNECTIONS} connections, echo of 1 KB`,
      unit: "message",
      generator: "websocket",
      orders: { connections: CONNECTIONS, bytes: 1024, path: "/ws", warmMs: 500 },
    },
    {
      id: "ws-idle",
      title: `${IDLE} idle WebSockets`,
      unit: null,
      generator: "websocket",
      orders: { connections: IDLE, bytes: 0, path: "/ws", warmMs: 3000 },
      only: ["nginx", "gateway", "other-gateway"],
      once: true,
    },
  ],
};

const events: Trial = {
  id: "events",
  upstream: (port) => typescript("upstream/events.ts", String(port)),
  reference: "nginx",
  subjects: [
    { id: "direct" },
    { id: "nginx", program: "nginx", prepare: nginxEvents },
    ...gatewaySubjects("gateway", { rules: ['{ id: events, path: "/events", serviceName: up, protocol: sse }'] }),
  ],
  cases: [
    {
      id: "sse-5000",
      title: `event streams, ${STREAMS} clients, 2 events a second to each`,
      unit: "event",
      generator: "events",
      orders: { connections: STREAMS, bytes: 0, path: "/events", warmMs: 1500 },
      note: "p50 and the like say how long after it was sent an event has arrived.",
    },
  ],
};

function nginxSockets(folder: string, port: number, upstreamPort: number): Launch {
  return nginx(
    folder,
    `
    upstream up { server 127.0.0.1:${upstreamPort}; }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      location / {
        proxy_pass http://up; proxy_http_version 1.1; proxy_read_timeout 600s;
        proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";
      }
    }`,
    NGINX_CONNECTIONS,
  );
}

function nginxEvents(folder: string, port: number, upstreamPort: number): Launch {
  return nginx(
    folder,
    `
    upstream up { server 127.0.0.1:${upstreamPort}; }
    server {
      listen 127.0.0.1:${port} backlog=4096;
      location / {
        proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
        proxy_buffering off; proxy_read_timeout 600s;
      }
    }`,
    NGINX_CONNECTIONS,
  );
}

/** Files a process may have open, as processes started from here inherit it. */
function openFiles(): number {
  const text = spawnSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).stdout.trim();
  return text === "unlimited" ? Number.POSITIVE_INFINITY : Number(text) || 1024;
}

runProgram(
  {
    title: "Benchmark of streams",
    file: "streams.ts",
    trials: [websocket, events],
    goals: (results) => {
      const latest = spreadOf(
        results.flatMap(({ samples }) =>
          samples.flatMap((one) => (one.caseId === "sse-5000" && one.subject === "gateway" ? (one.maxMs ?? []) : [])),
        ),
      );
      return [
        {
          name: "gateway / nginx ws-64, CPU",
          value: ratioOf(results, ["ws-64", "gateway"], ["ws-64", "nginx"]),
          limit: 1.3,
          digits: 2,
        },
        {
          name: "gateway / nginx ws-1k, CPU",
          value: ratioOf(results, ["ws-1k", "gateway"], ["ws-1k", "nginx"]),
          limit: 1.3,
          digits: 2,
        },
        {
          name: `gateway RSS with ${IDLE} idle WebSockets, MB`,
          value: medianOf(results, "ws-idle", "gateway", (sample) => sample.rssMb),
          limit: 300,
          digits: 0,
        },
        {
          name: "gateway sse-5000, p99 ms",
          value: medianOf(results, "sse-5000", "gateway", (sample) => sample.p99Ms),
          limit: 100,
          digits: 1,
        },
        { name: "gateway sse-5000, max ms", value: latest?.max, limit: 100, digits: 1 },
      ];
    },
  },
  process.argv.slice(2),
);
