// Opens the client sockets of a load generator: many, a few at a time, all reading into one shared buffer.
import { connect, type Socket } from "node:net";

/** Reads are small and are looked at before the next one comes. */
const BUFFER = Buffer.allocUnsafeSlow(256 * 1024);
/** Addresses client sockets are bound to in turn: each has its own 28 000 ports. */
const ADDRESSES = 8;

/** Takes what was read; the buffer is the caller's again afterwards. */
export type Read = (buffer: Buffer, length: number) => void;

/** One client connection. */
export interface Line {
  readonly socket: Socket;
  /** Who reads from now on. */
  read: Read;
}

/** Opens a connection. @param n of the connection, chooses its local address */
export function openLine(port: number, n: number, closed: (why: string) => void): Promise<Line> {
  return new Promise((resolve, reject) => {
    const onread = {
      buffer: BUFFER,
      callback: (length: number) => {
        line.read(BUFFER, length);
        return true;
      },
    };
    const localAddress = `127.0.0.${1 + (n % ADDRESSES)}`;
    const socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true, onread });
    const line: Line = { socket, read: () => undefined };
    socket.once("connect", () => resolve(line));
    socket.once("error", reject);
    socket.on("error", (error) => closed(error.message));
    socket.on("end", () => closed("the connection was closed"));
  });
}

/** Runs `task` for 0 to `count` - 1, some at a time. */
export async function each(count: number, atOnce: number, task: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await task(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, work));
}

/** Waits for a whole response head; answers it, with the bytes behind it left to `rest`. */
export function readHead(line: Line, rest: Read): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    line.read = (buffer, length) => {
      text += buffer.toString("latin1", 0, length);
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      line.read = rest;
      const behind = Buffer.from(text.slice(end + 4), "latin1");
      resolve(text.slice(0, end));
      if (behind.length > 0) rest(behind, behind.length);
    };
  });
}
