// HTTP/2 frames written and read by hand, and a backend that answers with them: for what no library can be made to send.
import type { Socket } from "node:net";
import { type RawBackend, rawBackend } from "./raw.ts";

/** What every connection of a client begins with (RFC 9113 §3.4). */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Frame types (RFC 9113 §6). */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

/** Flags of frames: of HEADERS and DATA, SETTINGS and PING. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** One frame as bytes. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field section without compression: literals that are not indexed (RFC 7541 §6.2.2). */
export function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const size = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) size.push((rest & 127) | 128);
  return Buffer.concat([Buffer.of(...size, rest), bytes]);
}

/** Fields of a request in the order they must have. */
export function requestFields(path: string, ...more: (readonly [string, string])[]): (readonly [string, string])[] {
  const pseudo = [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "x"],
    [":path", path],
  ] as const;
  return [...pseudo, ...more];
}

/** The frames in what was received: type, flags, stream and payload of each whole one. */
export function framesOf(received: string): { type: number; flags: number; stream: number; payload: Buffer }[] {
  const bytes = Buffer.from(received, "latin1");
  const found = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    found.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, stream, payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return found;
}

/** HEADERS that hold the whole block. */
export function headersFrame(stream: number, fields: Readonly<Record<string, string>>, flags = 0): Buffer {
  return frame(FRAME.headers, FLAG.endHeaders | flags, stream, fieldBlock(Object.entries(fields)));
}

export function dataFrame(stream: number, bytes: Buffer, flags = 0): Buffer {
  return frame(FRAME.data, flags, stream, bytes);
}

export function resetFrame(stream: number, code: number): Buffer {
  return frame(FRAME.reset, 0, stream, uint32(code));
}

export function goawayFrame(lastStream: number, code: number): Buffer {
  return frame(FRAME.goaway, 0, 0, Buffer.concat([uint32(lastStream), uint32(code)]));
}

export const settingsFrame = (payload: Buffer = Buffer.alloc(0)): Buffer => frame(FRAME.settings, 0, 0, payload);

/** Head of a gRPC response. */
export const GRPC_HEAD = { ":status": "200", "content-type": "application/grpc" } as const;

/** Answers a PING as a backend should. */
const pong = (socket: Socket, payload: Buffer): void => void socket.write(frame(FRAME.ping, FLAG.ack, 0, payload));

/**
 * A backend that speaks the connection part of HTTP/2 and hands each request to `answer` as soon as its head is there.
 * @param pinged called for each PING
 */
export function frameBackend(
  answer: (socket: Socket, stream: number, connection: number) => void,
  pinged: (socket: Socket, payload: Buffer) => void = pong,
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
        if (type === FRAME.settings && (flags & FLAG.ack) === 0) socket.write(frame(FRAME.settings, FLAG.ack, 0));
        if (type === FRAME.ping && (flags & FLAG.ack) === 0) pinged(socket, payload);
        if (type === FRAME.headers) answer(socket, stream, connection);
      }
    });
  });
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
