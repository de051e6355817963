// A WebSocket backend over node:net that sends every message back: as little as a backend can do.
import { createHash } from "node:crypto";
import { createServer, type Socket } from "node:net";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const NOTHING = Buffer.alloc(0);
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;

/** The frames in `bytes`, unmasked, as they go back; what is left of the last one. */
function answers(bytes: Buffer, out: Buffer[]): Buffer {
  let pos = 0;
  while (bytes.length - pos >= 6) {
    const first = bytes[pos]!;
    const short = bytes[pos + 1]! & 0x7f;
    const maskAt = pos + (short === 126 ? 4 : 2);
    const length = short === 126 ? bytes.readUInt16BE(pos + 2) : short;
    const end = maskAt + 4 + length;
    if (bytes.length < end) break;
    const frame = Buffer.allocUnsafe(end - pos - 4);
    bytes.copy(frame, 0, pos, maskAt);
    frame[0] = first === PING ? PONG : first;
    frame[1] = short;
    bytes.copy(frame, maskAt - pos, maskAt + 4, end);
    if (bytes.readUInt32BE(maskAt) !== 0) {
      for (let i = 0; i < length; i++) frame[maskAt - pos + i]! ^= bytes[maskAt + (i & 3)]!;
    }
    if (first !== PONG) out.push(frame);
    pos = end;
  }
  return pos === bytes.length ? NOTHING : bytes.subarray(pos);
}

function serve(socket: Socket): void {
  let pending: Buffer = NOTHING;
  let open = false;
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    if (!open) {
      const key = /\r\nsec-websocket-key: *(\S+)[\s\S]*\r\n\r\n/i.exec(bytes.toString("latin1"))?.[1];
      if (key === undefined) {
        pending = bytes;
        return;
      }
      open = true;
      pending = NOTHING;
      const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
      return;
    }
    const out: Buffer[] = [];
    pending = answers(bytes, out);
    for (const frame of out) socket.write(frame);
    if (out.at(-1)?.[0] === CLOSE) socket.end();
  });
}

createServer({ noDelay: true }, serve).listen(Number(process.argv[2]), "127.0.0.1", 4096);
