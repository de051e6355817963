// The ways a request comes into a gateway: the same credential through each of them, and what became of it.
import type { ClientHttp2Session } from "node:http2";
import { ERRORS } from "../../src/core/errors.ts";
import { ask as askRaw } from "./hostile.ts";
import { ask, openSession } from "./http2-client.ts";
import { KEY } from "./websocket.ts";

/** Header fields, names and values in turn. */
export type Fields = readonly string[];

/** One way in. */
export interface Entrance {
  readonly name: string;
  /** @returns code of the gateway's error, or "passes" */
  try(fields: Fields): Promise<string>;
}

/** Where requests go; those of WebSockets and gRPC need services that speak these. */
export interface Paths {
  readonly http: string;
  readonly webSocket: string;
  /** `/package.Service/Method`. */
  readonly grpc: string;
}

/** All ways into the gateway at a port. Call {@link close} when done. */
export class Entrances {
  readonly all: readonly Entrance[];
  readonly #session: ClientHttp2Session;

  private constructor(port: number, session: ClientHttp2Session, { http, webSocket, grpc }: Paths) {
    this.#session = session;
    const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n`;
    const call = { ":method": "POST", ":path": grpc, "content-type": "application/grpc", te: "trailers" };
    this.all = [
      { name: "HTTP/1.1", try: (fields) => rawTry(port, `GET ${http} HTTP/1.1\r\nHost: x\r\n`, fields) },
      {
        name: "WebSocket",
        try: (fields) => rawTry(port, `GET ${webSocket} HTTP/1.1\r\nHost: x\r\n${upgrade}`, fields),
      },
      {
        name: "HTTP/2",
        async try(fields) {
          const reply = await ask(session, { ":path": http, ...objectOf(fields) });
          return reply.status === 200 ? "passes" : (/"code":"(\w+)"/.exec(reply.text)?.[1] ?? `status ${reply.status}`);
        },
      },
      {
        name: "gRPC",
        async try(fields) {
          const { headers, trailers } = await ask(session, { ...call, ...objectOf(fields) }, Buffer.alloc(5));
          const { "grpc-status": status, "grpc-message": message } = { ...headers, ...trailers };
          return status === "0" ? "passes" : codeOfMessage(decodeURIComponent(String(message)));
        },
      },
    ];
  }

  static async open(port: number, paths: Paths): Promise<Entrances> {
    return new Entrances(port, await openSession(port), paths);
  }

  /** What becomes of fields at each of them, by name. */
  async try(fields: Fields): Promise<Readonly<Record<string, string>>> {
    const tried = await Promise.all(this.all.map(async (one) => [one.name, await one.try(fields)] as const));
    return Object.fromEntries(tried);
  }

  /** What {@link try} yields where all agree. */
  everywhere(code: string): Readonly<Record<string, string>> {
    return Object.fromEntries(this.all.map(({ name }) => [name, code]));
  }

  close(): void {
    this.#session.close();
  }
}

/** Sends exactly this head, on a connection of its own. @param start request line and first fields */
export async function rawTry(port: number, start: string, fields: Fields): Promise<string> {
  const lines = fields.flatMap((text, i) => (i % 2 === 0 ? [`${text}: ${fields[i + 1]}\r\n`] : []));
  const { status, code } = await askRaw(port, `${start}${lines.join("")}\r\n`);
  if (status === 200 || status === 101) return "passes";
  return code === "" ? `status ${status}` : code;
}

function objectOf(fields: Fields): Record<string, string> {
  return Object.fromEntries(fields.flatMap((text, i) => (i % 2 === 0 ? [[text.toLowerCase(), fields[i + 1]!]] : [])));
}

function codeOfMessage(message: string): string {
  return Object.entries(ERRORS).find(([, row]) => row.message === message)?.[0] ?? message;
}
