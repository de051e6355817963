// WebSocket load: every connection sends one message, waits for its echo and sends the next; `idle` connections send none.
import { each, type Line, openLine, type Read, readHead } from "./open-socket.ts";
import { giveUp, type Orders, readOrders, Window } from "./window.ts";

/** Key and mask are fixed: nothing here is secret, and a mask of zeros costs nobody anything. */
const HANDSHAKE =
  "Host: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0]);
const PING = 0x89;
const AT_ONCE = 100;

/** Takes what comes on a connection, after `begin`. */
interface Reader {
  readonly begin: () => void;
  readonly read: Read;
}

/** A binary message. @param masked from a client */
function message(bytes: number, masked: boolean): Buffer {
  const head = bytes < 126 ? [0x82, bytes] : [0x82, 126, bytes >> 8, bytes & 0xff];
  if (masked) head[1]! |= 0x80;
  const mask = masked ? [0, 0, 0, 0] : [];
  return Buffer.concat([Buffer.from([...head, ...mask]), Buffer.alloc(bytes, "payload ")]);
}

async function open(orders: Orders, n: number, window: Window, reader: (line: Line) => Reader): Promise<void> {
  const line = await openLine(orders.port, n, (why) => window.wrong(why));
  line.socket.write(`GET ${orders.path} HTTP/1.1\r\n${HANDSHAKE}`);
  const { begin, read } = reader(line);
  const head = await readHead(line, read);
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`handshake answered with ${head.slice(0, 60)}`);
  begin();
}

/** Two messages are counted for one there and back. */
function echoing(window: Window, bytes: number): (line: Line) => Reader {
  const question = message(bytes, true);
  const answer = message(bytes, false);
  return (line) => {
    let have = 0;
    let sentAt = performance.now();
    let checked = false;
    const begin = () => line.socket.write(question);
    const read: Read = (buffer, length) => {
      if (!checked && length >= answer.length) {
        if (!buffer.subarray(0, answer.length).equals(answer)) window.wrong("the echo is not what was sent");
        checked = true;
      }
      have += length;
      if (have < answer.length) return;
      if (have > answer.length) window.wrong("more came back than was sent");
      have = 0;
      const now = performance.now();
      window.done(2, now - sentAt);
      sentAt = now;
      line.socket.write(question);
    };
    return { begin, read };
  };
}

function silent(window: Window): (line: Line) => Reader {
  return (line) => {
    const read: Read = (buffer, length) => {
      if (length === 2 && buffer[0] === PING) line.socket.write(PONG);
      else window.wrong("something came on an idle connection");
    };
    return { begin: () => undefined, read };
  };
}

async function main(): Promise<void> {
  const orders = readOrders();
  const window = new Window(orders);
  const reader = orders.bytes > 0 ? echoing(window, orders.bytes) : silent(window);
  await each(orders.connections, AT_ONCE, (n) => open(orders, n, window, reader));
  if (orders.bytes === 0) setTimeout(() => window.done(orders.connections, 0), orders.warmMs + 100);
  await window.run();
}

main().catch(giveUp);
