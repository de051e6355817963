// Finds the end of a response head that arrives in chunks, or has lines that end with LF alone.
import { VALUE } from "./grammar.ts";
import { ProtocolError } from "./response-head.ts";

const CR = 0x0d;
const LF = 0x0a;
const BEGINNING = Buffer.from("HTTP/1.");

/**
 * Where the head that begins at `from` ends: behind its first empty line; -1 when `bytes[from, end)` holds none.
 * @param seen bytes before it were looked at by an earlier call
 * @throws ProtocolError as soon as a byte shows that this never becomes a head
 */
export function endOfHead(bytes: Buffer, from: number, end: number, seen: number): number {
  for (let i = from; i < Math.min(end, from + BEGINNING.length); i++) {
    if (bytes[i] !== BEGINNING[i - from]) throw new ProtocolError("no HTTP/1 response");
  }
  // The last byte seen again: it may be the CR of a line end.
  for (let i = Math.max(from, seen - 1); i < end; i++) {
    const c = bytes[i]!;
    if (VALUE[c] === 1) continue;
    if (c === LF) {
      const before = bytes[i - 1] === CR ? i - 2 : i - 1;
      if (bytes[before] === LF) return i + 1;
    } else if (c !== CR || (i + 1 < end && bytes[i + 1] !== LF)) {
      throw new ProtocolError("bad byte in a head");
    }
  }
  return -1;
}
