// A gateway with authenticated streams of every protocol, and backends that keep them open.
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { type EventBackend, eventBackend, type Opened } from "./events.ts";
import { InteropServer } from "./grpc.ts";
import { type Block, configText, soon } from "./setup.ts";
import { type WsBackend, wsBackend } from "./websocket.ts";

/** What is behind the gateway. */
export interface StreamBackends {
  readonly sockets: WsBackend;
  readonly events: EventBackend;
  /** The request of that id at the backend of event streams. */
  opened(requestId: string): Promise<Opened>;
  readonly interop: InteropServer;
  readonly greeter: DemoServer;
  close(): Promise<void>;
}

/** Starts one backend for each protocol. */
export async function streamBackends(): Promise<StreamBackends> {
  const arrived = new Map<unknown, Opened>();
  const waiting = new Map<unknown, (opened: Opened) => void>();
  const take = (opened: Opened) => {
    const id = opened.request.headers["x-request-id"];
    arrived.set(id, opened);
    waiting.get(id)?.(opened);
  };
  const [sockets, events, interop, greeter] = await Promise.all([
    wsBackend(),
    eventBackend(0, take),
    InteropServer.start(),
    startGrpc(0),
  ]);
  return {
    sockets,
    events,
    async opened(id) {
      return arrived.get(id) ?? soon(new Promise((resolve) => waiting.set(id, resolve)), `request ${id}`);
    },
    interop,
    greeter,
    async close() {
      interop.kill();
      await Promise.all([sockets.close(), events.close(), greeter.stop()]);
    },
  };
}

/** What differs between gateways. */
export interface StreamSetup {
  readonly auth: Block;
  /** Keys of `frontend.websocket`, `.sse` and `.grpc`. */
  readonly front?: Block;
  /** Keys of all rules. */
  readonly rule?: Block;
  /** Keys of sections. */
  readonly more?: Block;
}

/** Text of a configuration with a rule for each protocol: `/tunnel`, `/messages`, `/events`, `/resumed`, calls, and JSON at `/v1`. */
export function streamsText(backends: StreamBackends, { auth, front = {}, rule = {}, more = {} }: StreamSetup): string {
  const { sockets, events, interop, greeter } = backends;
  const grpc = (port: number): readonly Block[] => [{ address: "127.0.0.1", port, protocol: "grpc" }];
  const json = { enableTranscoding: true, protoFiles: ["protos/demo/greeter.proto"] };
  const { websocket = {}, sse = {}, grpc: calls = {} } = front as Record<string, Block>;
  return configText({
    rules: [
      { id: "tunnel", path: "/tunnel", serviceName: "sockets", ...rule },
      { id: "messages", path: "/messages", serviceName: "sockets", websocket: { mode: "messages" }, ...rule },
      { id: "events", path: "/events", serviceName: "events", ...rule },
      { id: "resumed", path: "/resumed", serviceName: "events", protocol: "sse", sse: { maxRetries: 5 }, ...rule },
      { id: "calls", path: "/test.v1.Interop/*", serviceName: "interop", protocol: "grpc", ...rule },
      { id: "json", path: "/v1/*", serviceName: "greeter", grpc: json, ...rule },
    ],
    services: {
      sockets: sockets.port,
      events: events.port,
      interop: grpc(interop.port),
      greeter: grpc(greeter.port),
    },
    more: {
      auth: { required: true, failures: { max: 0 }, ...auth },
      frontend: { http: { host: "127.0.0.1", port: 0 }, websocket, sse, grpc: calls },
      metrics: { enabled: true },
      ...more,
    },
  });
}
