// The demo's WebSocket backend: an echo on every path, a chat with rooms, and one path that refuses the handshake.
import { createServer, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { type DemoServer, listen, REFUSED, targetOf } from "./server.ts";

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Bytes an echo holds back before it stops reading. */
const MAX_ECHO_BYTES = 1024 * 1024;
/** Bytes a slow client of the chat may leave unread before it is disconnected. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
const MAX_NAME_LENGTH = 64;
const SUBPROTOCOLS = ["echo", "chat"];
const HELLO =
  "This is the WebSocket demo backend: /echo sends back what it gets, /chat?room=…&name=… talks to everybody there.\n";

/** Close codes of RFC 6455, section 7.4.1. */
const GOING_AWAY = 1001;
const UNSUPPORTED_DATA = 1003;
const TRY_AGAIN_LATER = 1013;

/** Starts it. */
export function startWebSocket(port: number): Promise<DemoServer> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    handleProtocols: (offered) => SUBPROTOCOLS.find((name) => offered.has(name)) ?? false,
  });
  const rooms = new Rooms();
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" }).end(HELLO);
  });
  server.on("upgrade", (request, socket, head) => {
    const { path, query } = targetOf(request);
    if (path === "/refuse") return refuse(socket);
    sockets.handleUpgrade(request, socket, head, (client) => {
      // ws closes the connection itself after an error; without a listener the error would end the process.
      client.on("error", () => undefined);
      if (path === "/chat") rooms.join(client, query);
      else echo(client);
    });
  });
  const endStreams = () => {
    for (const client of sockets.clients) client.close(GOING_AWAY, "the demo ends");
  };
  return listen(server, port, { title: "WebSocket echo and chat", scheme: "ws", endStreams });
}

function refuse(socket: Duplex): void {
  const body = `${JSON.stringify(REFUSED)}\n`;
  socket.on("error", () => undefined);
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 403 ${STATUS_CODES[403]}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Sends back each message as what it was; reads no further while the client takes nothing. */
function echo(client: WebSocket): void {
  client.on("message", (data, binary) => {
    client.send(data as Buffer, { binary }, () => {
      if (client.bufferedAmount <= MAX_ECHO_BYTES) client.resume();
    });
    if (client.bufferedAmount > MAX_ECHO_BYTES) client.pause();
  });
}

/** Members of each room. A room exists as long as it has members. */
class Rooms {
  readonly #members = new Map<string, Set<WebSocket>>();
  #guests = 0;

  join(client: WebSocket, query: URLSearchParams): void {
    const room = (query.get("room") ?? "lobby").slice(0, MAX_NAME_LENGTH);
    const from = (query.get("name") ?? `guest-${++this.#guests}`).slice(0, MAX_NAME_LENGTH);
    const members = this.#members.get(room) ?? new Set();
    this.#members.set(room, members.add(client));
    const tell = (content: Readonly<Record<string, unknown>>) => {
      const line = JSON.stringify({ from, ...content, at: new Date().toISOString() });
      for (const member of members) {
        if (member.bufferedAmount > MAX_UNSENT_BYTES) member.close(TRY_AGAIN_LATER, "too slow");
        else member.send(line, () => undefined);
      }
    };
    tell({ note: "joined" });
    client.on("message", (data, binary) => {
      if (binary) client.close(UNSUPPORTED_DATA, "the chat takes text");
      else tell({ text: String(data) });
    });
    client.once("close", () => {
      members.delete(client);
      if (members.size === 0) this.#members.delete(room);
      else tell({ note: "left" });
    });
  }
}
