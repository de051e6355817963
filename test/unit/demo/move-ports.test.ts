// Ports of a configuration moved for the demo: what is bound, and the demo backends wherever they are dialled.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { movesBy } from "../../../src/demo/ports.ts";

const MINIMAL = `gateway:
  router: { rules: [ { path: /*, serviceName: web } ] }
  registry: { static: { services: [ { name: web, instances: [
    { address: 127.0.0.1, port: 3000, metadata: { grpcPort: 50051 }, health: { port: 3002 } },
    { address: 127.0.0.1, port: 4000 } ] } ] } }
`;

function moved(more = "", env = {}) {
  return loadConfig({ file: "my.yaml", text: `${MINIMAL}${more}`, env, moves: movesBy(10_000) }).config;
}

test("listeners move, those that have their port by default too", () => {
  const { frontend, management, metrics } = moved();
  assert.deepEqual([frontend.http.port, frontend.grpc.port, management.port], [18080, 19090, 19090]);
  assert.deepEqual([frontend.websocket.port, metrics.port], [null, 0]);
  const named = moved("  frontend: { http: { port: 9000 }, websocket: { port: 9001 } }\n  metrics: { port: 9100 }\n");
  assert.deepEqual(
    [named.frontend.http.port, named.frontend.websocket.port, named.metrics.port],
    [19000, 19001, 19100],
  );
});

test("the port that redirectToHTTPS tells clients moves with its listener", () => {
  const listeners = "listeners: [ { name: a, port: 9000, redirectToHTTPS: { port: 8443 } } ]";
  const { frontend } = moved(`  frontend: { http: { redirectToHTTPS: { port: 9443 } }, ${listeners} }\n`);
  assert.equal(frontend.http.redirectToHTTPS.port, 19443);
  assert.equal(frontend.listeners[0]!.redirectToHTTPS.port, 18443);
  assert.equal(moved("  frontend: { http: { redirectToHTTPS: true } }\n").frontend.http.redirectToHTTPS.port, 443);
});

test("a listener on any free port stays there, and one set from the environment moves", () => {
  assert.equal(moved("  frontend: { http: { port: 0 } }\n").frontend.http.port, 0);
  assert.equal(moved("", { GATEWAY_PORT: "9000" }).frontend.http.port, 19000);
});

test("instances and checks move where they are demo backends, and nothing else that is dialled", () => {
  const { services, stores, health } = moved(`  redis: { host: 127.0.0.1, port: 6379 }
  health: { checks: { events: { type: tcp, config: { address: "127.0.0.1:3010" } } } }
`);
  const { name, endpoints } = services[0]!;
  const [first, second] = endpoints;
  assert.deepEqual([first!.port, first!.grpcPort, second!.port], [13000, 60051, 4000]);
  assert.equal(health.instances.get(name)!.get(first!.id)!.port, 13002);
  assert.equal(stores.get("redis")!.redis.port, 6379);
  assert.deepEqual(health.gateway[0]!.probe, { type: "tcp", address: "127.0.0.1", port: 13010 });
});
