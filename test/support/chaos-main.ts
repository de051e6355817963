// A backend process that misbehaves on command: HTTP, event streams and WebSockets on one port, gRPC on another.
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo, Server, Socket } from "node:net";
import { WebSocketServer } from "ws";

/** `storm` refuses everything, `flap` every second request; `reset` cuts before the head, `half` inside it. */
export type Mood = "fine" | "storm" | "flap" | "slow" | "reset" | "half";

/** What the process is told: a mood, or to count. */
export type Command = { readonly mood: Mood } | "count";

const SLOW_MS = 5000;
let mood: Mood = "fine";
let requests = 0;

/** Whether this request is to go well; otherwise it has been dealt with. */
function spared(socket: Socket, refuse: () => void, fine: () => void): void {
  requests++;
  if (mood === "storm" || (mood === "flap" && requests % 2 === 0)) return refuse();
  if (mood === "reset") return void socket.resetAndDestroy();
  if (mood === "half") {
    socket.write("HTTP/1.1 200 OK\r\nContent-");
    return void setImmediate(() => socket.resetAndDestroy());
  }
  if (mood === "slow") setTimeout(fine, SLOW_MS).unref();
  else fine();
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  if (request.url!.startsWith("/events")) {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    return void response.end("data: fine\n\n");
  }
  request.resume();
  request.on("end", () => response.end("fine"));
}

const http = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  spared(
    request.socket,
    () => void response.writeHead(503).end("storm"),
    () => answer(request, response),
  );
});
const websockets = new WebSocketServer({ noServer: true });
http.on("upgrade", (request, stream, head) => {
  const socket = stream as Socket;
  socket.on("error", () => undefined);
  spared(
    socket,
    () => void socket.end("HTTP/1.1 503 Storm\r\nContent-Length: 0\r\n\r\n"),
    () => websockets.handleUpgrade(request, socket, head, (ws) => ws.on("message", (data) => ws.send(data))),
  );
});
http.on("connection", (socket) => socket.on("error", () => undefined));

const GRPC = { ":status": 200, "content-type": "application/grpc" };
const MESSAGE = Buffer.from("\0\0\0\0\x04fine");

function grpcAnswer(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  stream.respond(GRPC, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(MESSAGE);
}

const grpc = createHttp2();
grpc.on("session", (session) => session.on("error", () => undefined));
grpc.on("stream", (stream) => {
  stream.on("error", () => undefined);
  stream.resume();
  stream.once("end", () => {
    if (stream.destroyed) return;
    const destroy = () => void setImmediate(() => stream.session?.destroy());
    const cut = { resetAndDestroy: destroy, write: () => true } as unknown as Socket;
    spared(
      cut,
      () => stream.respond({ ...GRPC, "grpc-status": "14" }, { endStream: true }),
      () => grpcAnswer(stream),
    );
  });
});

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const [port = "0", grpcPort = "0"] = process.argv.slice(2);
const ports = [await listen(http, Number(port)), await listen(grpc as unknown as Server, Number(grpcPort))];
process.on("message", (command: Command) => {
  if (command === "count") process.send!({ requests });
  else {
    mood = command.mood;
    process.send!({ mood });
  }
});
process.on("disconnect", () => process.exit());
process.send!({ ports });
