// WebSocket peers for tests: backends over `ws`, and clients and backends that put any bytes on the wire.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type ClientOptions, type ServerOptions, WebSocket, WebSocketServer } from "ws";
import { type RawBackend, rawBackend } from "./raw.ts";
import { soon } from "./setup.ts";

/** Sec-WebSocket-Key of all raw handshakes here. */
export const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
/** What belongs to {@link KEY} (RFC 6455 §1.3). */
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/** A backend over `ws`. */
export interface WsBackend {
  readonly port: number;
  readonly server: WebSocketServer;
  /** Handshakes accepted, in order. */
  readonly requests: IncomingMessage[];
  /** Sockets accepted, in order. */
  readonly sockets: WebSocket[];
  /** The next accepted connection that nobody has taken. */
  next(): Promise<WebSocket>;
  close(): Promise<void>;
}

/** Starts a backend; `serve` is called for each connection. */
export async function wsBackend(
  serve: (socket: WebSocket, request: IncomingMessage) => void = echo,
  options: ServerOptions = {},
): Promise<WsBackend> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false, ...options });
  const sockets: WebSocket[] = [];
  const requests: IncomingMessage[] = [];
  let taken = 0;
  let wake: () => void = () => undefined;
  server.on("connection", (socket, request) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
    requests.push(request);
    serve(socket, request);
    wake();
  });
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    server,
    requests,
    sockets,
    next: () =>
      soon(
        (async () => {
          while (sockets.length <= taken) {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
          return sockets[taken++]!;
        })(),
        "a connection at the backend",
      ),
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends every message back as what it was. */
export function echo(socket: WebSocket): void {
  socket.on("message", (data, binary) => socket.send(data as Buffer, { binary }));
}

/** A client; errors are not thrown, they show in what did not happen. */
export function wsClient(port: number, path = "/", options: ClientOptions = {}, protocols: string[] = []): WebSocket {
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { perMessageDeflate: false, ...options });
  client.on("error", () => undefined);
  return client;
}

/** A client whose connection is open. */
export async function opened(port: number, path = "/", options: ClientOptions = {}): Promise<WebSocket> {
  const client = wsClient(port, path, options);
  await soon(once(client, "open"), "an open connection");
  return client;
}

/** Code and reason a WebSocket is closed with, 1006 when the connection was cut. */
export function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return soon(
    new Promise((resolve) => {
      socket.on("close", (code: number, reason: Buffer) => resolve({ code, reason: String(reason) }));
    }),
    "the close",
  );
}

/** The next message. */
export function messageOf(socket: WebSocket): Promise<{ data: Buffer; binary: boolean }> {
  return soon(
    new Promise((resolve) => {
      socket.once("message", (data: Buffer, binary: boolean) => resolve({ data, binary }));
    }),
    "a message",
  );
}

/** What a handshake that was not granted is answered. */
export async function refusalOf(client: WebSocket): Promise<{ status: number; body: string; head: IncomingMessage }> {
  const [, head] = (await soon(once(client, "unexpected-response"), "a refusal")) as [unknown, IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of head) chunks.push(chunk as Buffer);
  return { status: head.statusCode!, body: Buffer.concat(chunks).toString(), head };
}

/** How a frame is written. */
export interface FrameOptions {
  readonly fin?: boolean;
  /** Bits RSV1–3 as a number, 4 = RSV1. */
  readonly rsv?: number;
  /** null: unmasked. */
  readonly mask?: Buffer | null;
  /** Announced instead of the true length. */
  readonly length?: number;
}

/** Opcodes of RFC 6455 §5.2. */
export const OPCODES = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** One frame, masked unless told otherwise. */
export function frame(opcode: number, payload: Buffer | string = "", options: FrameOptions = {}): Buffer {
  const data = Buffer.from(payload);
  const { fin = true, rsv = 0, mask = Buffer.from([1, 2, 3, 4]), length = data.length } = options;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const bit = mask === null ? 0 : 0x80;
  let head: Buffer;
  if (length < 126) head = Buffer.from([first, bit | length]);
  else if (length < 65536) head = Buffer.from([first, bit | 126, length >> 8, length & 0xff]);
  else {
    head = Buffer.alloc(10);
    head[0] = first;
    head[1] = bit | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (mask === null) return Buffer.concat([head, data]);
  for (let i = 0; i < data.length; i++) data[i]! ^= mask[i % 4]!;
  return Buffer.concat([head, mask, data]);
}

/** Payload of a close frame. */
export function closing(code: number, reason = ""): Buffer {
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
}

/** A frame as it was read. */
export interface ReadFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** Takes complete frames off the beginning of `bytes`. */
export function takeFrames(bytes: Buffer): { frames: ReadFrame[]; rest: Buffer } {
  const frames: ReadFrame[] = [];
  let at = 0;
  for (;;) {
    if (bytes.length - at < 2) break;
    const masked = (bytes[at + 1]! & 0x80) !== 0;
    const short = bytes[at + 1]! & 0x7f;
    const head = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (masked ? 4 : 0);
    if (bytes.length - at < head) break;
    const length =
      short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
    if (bytes.length - at < head + length) break;
    const payload = Buffer.from(bytes.subarray(at + head, at + head + length));
    if (masked) for (let i = 0; i < length; i++) payload[i]! ^= bytes[at + head - 4 + (i % 4)]!;
    frames.push({ opcode: bytes[at]! & 0x0f, fin: bytes[at]! >= 0x80, masked, payload });
    at += head + length;
  }
  return { frames, rest: bytes.subarray(at) };
}

/** Lines of a valid handshake. */
export function handshake(path = "/", more: readonly string[] = [], key = KEY): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: gateway.test",
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    ...more,
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** One end of a WebSocket that sends any bytes and reads frames. */
export class RawWebSocket {
  readonly socket: Socket;
  /** Head of the answer, or of the request at a backend. */
  head = "";
  /** Frames read so far. */
  readonly frames: ReadFrame[] = [];
  /** The peer sends nothing more. */
  readonly ended: Promise<void>;
  #rest: Buffer = Buffer.alloc(0);
  #over = false;
  #changed: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.ended = new Promise((resolve) => {
      const over = () => {
        this.#over = true;
        this.#changed();
        resolve();
      };
      socket.on("end", over);
      socket.on("close", over);
    });
  }

  /** A client that has sent `bytes` behind its handshake and has read the head of the answer. */
  static async open(port: number, path = "/", more: readonly string[] = [], behind = Buffer.alloc(0)) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const client = new RawWebSocket(socket);
    socket.write(Buffer.concat([Buffer.from(handshake(path, more)), behind]));
    await client.until("the head of the answer", () => client.head !== "");
    return client;
  }

  send(...parts: readonly (Buffer | string)[]): void {
    this.socket.write(Buffer.concat(parts.map((p) => Buffer.from(p))));
  }

  /** Waits until `test` holds. @throws Error when the connection ends first */
  until(what: string, test: () => boolean): Promise<void> {
    return soon(
      (async () => {
        while (!test()) {
          if (this.#over) throw new Error(`connection ended before ${what}`);
          await new Promise<void>((resolve) => {
            this.#changed = resolve;
          });
        }
      })(),
      what,
    );
  }

  /** The next data or control frame that `matches` and was not taken; earlier ones are dropped. */
  async frame(matches: (frame: ReadFrame) => boolean = () => true): Promise<ReadFrame> {
    let found: ReadFrame | undefined;
    await this.until("a frame", () => {
      while (found === undefined && this.frames.length > 0) {
        const first = this.frames.shift()!;
        if (matches(first)) found = first;
      }
      return found !== undefined;
    });
    return found!;
  }

  /** Code of the close frame that ends the connection, 1005 when it has none, null when the end came without one. */
  async closeCode(): Promise<number | null> {
    try {
      const { payload } = await this.frame((f) => f.opcode === OPCODES.close);
      return payload.length < 2 ? 1005 : payload.readUInt16BE(0);
    } catch (error) {
      if (/ended before/.test((error as Error).message)) return null;
      throw error;
    }
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (this.head === "") {
      const end = this.#rest.indexOf("\r\n\r\n");
      if (end !== -1) {
        this.head = this.#rest.subarray(0, end + 4).toString("latin1");
        this.#rest = this.#rest.subarray(end + 4);
      }
    }
    if (this.head !== "") {
      const { frames, rest } = takeFrames(this.#rest);
      this.frames.push(...frames);
      this.#rest = rest;
    }
    this.#changed();
  }
}

/** The 101 that belongs to a request head. */
export function agreement(head: string, more: readonly string[] = []): string {
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)![1]!;
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const lines = ["Connection: Upgrade", "Upgrade: websocket", `Sec-WebSocket-Accept: ${accept}`, ...more];
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("\r\n")}\r\n\r\n`;
}

/** A backend that agrees to every handshake and gives each connection to `serve`, from the first frame on. */
export function rawWsBackend(
  serve: (peer: RawWebSocket) => void,
  more: readonly string[] = [],
  behind = Buffer.alloc(0),
): Promise<RawBackend> {
  return rawBackend((socket) => {
    const peer = new RawWebSocket(socket);
    peer
      .until("a handshake", () => peer.head !== "")
      .then(
        () => {
          socket.write(Buffer.concat([Buffer.from(agreement(peer.head, more)), behind]));
          serve(peer);
        },
        () => undefined,
      );
  });
}

/** Bytes that zlib cannot make smaller. */
export function noise(bytes: number): Buffer {
  return randomBytes(bytes);
}
