// One conversation in every protocol: a client that listens through the gateway, and the backend that talks to it.
import { once } from "node:events";
import { createServer, type Server, type ServerResponse, request as send } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import {
  type ClientReadableStream,
  credentials,
  Server as GrpcServer,
  makeGenericClientConstructor,
  ServerCredentials,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { WebSocket, WebSocketServer } from "ws";

/** Something a backend can talk into. */
interface Line {
  say(number: number): void;
}

/** All backends on two ports: HTTP, event streams and WebSockets on one, gRPC on the other. */
export interface Talkers {
  readonly http: number;
  readonly grpc: number;
  /** Lines that are open now, in the order they were opened. */
  readonly lines: Line[];
  /** Resolves when a line has been opened since the last call. */
  opened(): Promise<Line>;
  /** Resolves when no line is open. */
  quiet(): Promise<void>;
  /** Cuts every connection, as a process that is killed. */
  cut(): void;
  close(): Promise<void>;
}

/** What a client saw at the end, in the words of its protocol. */
export type Ending = string;

/** A client that has heard the first number. */
export interface Listening {
  /** The next number. */
  next(): Promise<number>;
  readonly ended: Promise<Ending>;
  /** Leaves without a word. */
  abort(): void;
}

const GREETER = loadSync("demo/greeter.proto", { keepCase: true, includeDirs: ["protos"] });
const SERVICE = GREETER["demo.v1.Greeter"] as ServiceDefinition;
const GreeterClient = makeGenericClientConstructor(SERVICE, "Greeter");

type Request = Readonly<Record<string, unknown>>;

/** Starts the backends. A path that contains `refuse` is refused as unauthorized in the words of the protocol. */
export async function startTalkers(): Promise<Talkers> {
  const lines: Line[] = [];
  const sockets = new Set<Socket>();
  const waiting: ((line: Line) => void)[] = [];
  const unheard: Line[] = [];
  let silent: (() => void)[] = [];
  const open = (line: Line) => {
    lines.push(line);
    const waiter = waiting.shift();
    if (waiter === undefined) unheard.push(line);
    else waiter(line);
    return () => {
      lines.splice(lines.indexOf(line), 1);
      if (lines.length > 0) return;
      for (const resolve of silent.splice(0)) resolve();
    };
  };
  const http = createServer((request, response) => {
    request.resume();
    if (request.url!.includes("refuse")) return void response.writeHead(401).end("no");
    talkHttp(request.url!, response, open);
  });
  const upgrades = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (request.url!.includes("refuse")) return socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
    upgrades.handleUpgrade(request, socket, head, (client) => {
      client.on("error", () => undefined);
      client.on("close", open({ say: (n) => client.send(String(n)) }));
    });
  });
  http.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const grpc = await startGrpc(open);
  return {
    http: (http.address() as AddressInfo).port,
    grpc: grpc.port,
    lines,
    opened: () =>
      new Promise((resolve) => {
        const line = unheard.shift();
        if (line === undefined) waiting.push(resolve);
        else resolve(line);
      }),
    quiet: () => (lines.length === 0 ? Promise.resolve() : new Promise((resolve) => silent.push(resolve))),
    cut() {
      for (const socket of sockets) socket.resetAndDestroy();
      grpc.server.forceShutdown();
    },
    async close() {
      silent = [];
      for (const socket of sockets) socket.destroy();
      grpc.server.forceShutdown();
      await closed(http);
    },
  };
}

function talkHttp(url: string, response: ServerResponse, open: (line: Line) => () => void): void {
  const events = url.startsWith("/sse");
  response.writeHead(200, { "Content-Type": events ? "text/event-stream" : "text/plain" });
  response.on("close", open({ say: (n) => response.write(events ? `data: ${n}\n\n` : `${n}\n`) }));
  response.flushHeaders();
}

async function startGrpc(open: (line: Line) => () => void): Promise<{ server: GrpcServer; port: number }> {
  const server = new GrpcServer();
  server.addService(SERVICE, {
    ListGreetings(call: ServerWritableStream<Request, Request>) {
      if (call.request.name === "refuse")
        return void call.emit("error", { code: status.UNAUTHENTICATED, details: "no" });
      const close = open({ say: (number) => call.write({ number }) });
      call.on("cancelled", close);
    },
  } as never);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, port };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Begins to listen; resolves once the gateway has answered. Rejects with an {@link Ending} where it refuses. */
export type Listen = (port: number, name: string) => Promise<Listening>;

/** Every protocol, by name. `name` in the path is `talk`, or `refuse` for a refusal. */
export const PROTOCOLS: Readonly<Record<string, Listen>> = {
  http: (port, name) => listenHttp(port, { path: `/http/${name}` }),
  sse: (port, name) => listenHttp(port, { path: `/sse/${name}`, headers: { Accept: "text/event-stream" } }),
  "websocket tunnel": (port, name) => listenWebSocket(`ws://127.0.0.1:${port}/tunnel/${name}`),
  "websocket messages": (port, name) => listenWebSocket(`ws://127.0.0.1:${port}/messages/${name}`),
  grpc: listenGrpc,
  "JSON to gRPC": (port, name) => listenHttp(port, { path: `/v1/greetings/${name}` }),
};

/** Numbers as they come, and the end. */
class Numbers implements Listening {
  readonly #heard: number[] = [];
  #wake: () => void = () => undefined;
  readonly ended: Promise<Ending>;
  readonly abort: () => void;
  end!: (how: Ending) => void;

  constructor(abort: () => void) {
    this.abort = abort;
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  heard(number: number): void {
    this.#heard.push(number);
    this.#wake();
  }

  async next(): Promise<number> {
    while (this.#heard.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#heard.shift()!;
  }
}

function listenHttp(port: number, options: { path: string; headers?: Record<string, string> }): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const request = send({ host: "127.0.0.1", port, ...options, agent: false }, (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        return reject(new Error(String(response.statusCode)));
      }
      const numbers = new Numbers(() => request.destroy());
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk;
        for (let cut = text.indexOf("\n"); cut !== -1; cut = text.indexOf("\n")) {
          const line = text.slice(0, cut);
          text = text.slice(cut + 1);
          if (line.startsWith("event: error")) numbers.end("event: error");
          const failed = /^\{"error":\{"code":(\d+)/.exec(line);
          if (failed !== null) numbers.end(`error ${failed[1]}`);
          const number = /(\d+)\}?$/.exec(line.includes('"number"') ? /"number":\d+/.exec(line)![0] : line)?.[1];
          if (number !== undefined) numbers.heard(Number(number));
        }
      });
      response.on("end", () => numbers.end("end"));
      response.on("error", () => numbers.end("cut"));
      resolve(numbers);
    });
    request.on("error", reject);
    request.end();
  });
}

function listenWebSocket(url: string): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url);
    const numbers = new Numbers(() => socket.terminate());
    socket.on("open", () => resolve(numbers));
    socket.on("message", (data) => numbers.heard(Number(String(data))));
    socket.on("close", (code) => numbers.end(String(code)));
    socket.on("unexpected-response", (_request, response) => {
      response.resume();
      reject(new Error(String(response.statusCode)));
    });
    socket.on("error", reject);
  });
}

function listenGrpc(port: number, name: string): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const client = new GreeterClient(`127.0.0.1:${port}`, credentials.createInsecure()) as unknown as {
      ListGreetings(request: Request): ClientReadableStream<{ number: number }>;
      close(): void;
    };
    const call = client.ListGreetings({ name });
    const numbers = new Numbers(() => call.cancel());
    call.on("metadata", () => resolve(numbers));
    call.on("data", (reply: { number: number }) => {
      resolve(numbers);
      numbers.heard(reply.number);
    });
    call.on("error", (error: Error & { code: number }) => reject(new Error(status[error.code])));
    call.on("status", ({ code }: { code: number }) => {
      numbers.end(status[code]!);
      client.close();
    });
  });
}
