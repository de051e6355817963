// HTTP/2 frames written by hand, and a backend that answers with them: for what no library can be made to send.
import type { Socket } from "node:net";
import { type RawBackend, rawBackend } from "./raw.ts";

export const TYPE = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8 } as const;
export const END_STREAM = 1;
const END_HEADERS = 4;
const ACK = 1;
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** One frame. */
export function h2Frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field block of literals (RFC 7541 §6.2.2). */
export function fieldBlock(fields: Readonly<Record<string, string>>): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.from([value.length]), Buffer.from(value, "latin1")]);
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** HEADERS that hold the whole block. */
export function headersFrame(stream: number, fields: Readonly<Record<string, string>>, flags = 0): Buffer {
  return h2Frame(TYPE.headers, END_HEADERS | flags, stream, fieldBlock(fields));
}

export function dataFrame(stream: number, bytes: Buffer, flags = 0): Buffer {
  return h2Frame(TYPE.data, flags, stream, bytes);
}

export function resetFrame(stream: number, code: number): Buffer {
  return h2Frame(TYPE.reset, 0, stream, uint32(code));
}

export function goawayFrame(lastStream: number, code: number): Buffer {
  return h2Frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(lastStream), uint32(code)]));
}

export const settingsFrame = (payload: Buffer = Buffer.alloc(0)): Buffer => h2Frame(TYPE.settings, 0, 0, payload);

/** Head of a gRPC response. */
export const GRPC_HEAD = { ":status": "200", "content-type": "application/grpc" } as const;

/** A backend that speaks the connection part of HTTP/2 and hands each request to `answer` as soon as its head is there. */
export function frameBackend(
  answer: (socket: Socket, stream: number, connection: number) => void,
): Promise<RawBackend> {
  let connections = 0;
  return rawBackend((socket) => {
    const connection = connections++;
    let rest = Buffer.alloc(0);
    let preface = PREFACE.length;
    socket.write(settingsFrame());
    socket.on("data", (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      if (preface > 0 && rest.length >= preface) {
        rest = rest.subarray(preface);
        preface = 0;
      }
      while (preface === 0 && rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
        const length = rest.readUIntBE(0, 3);
        const type = rest[3];
        const flags = rest[4]!;
        const stream = rest.readUInt32BE(5);
        const payload = rest.subarray(9, 9 + length);
        rest = rest.subarray(9 + length);
        if (type === TYPE.settings && (flags & ACK) === 0) socket.write(h2Frame(TYPE.settings, ACK, 0));
        if (type === TYPE.ping && (flags & ACK) === 0) socket.write(h2Frame(TYPE.ping, ACK, 0, payload));
        if (type === TYPE.headers) answer(socket, stream, connection);
      }
    });
  });
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
