// Event-stream load: many open streams, whose events carry the time they were sent at; measures how late they arrive.
import { each, type Line, openLine, type Read, readHead } from "./open-socket.ts";
import { giveUp, type Orders, readOrders, Window } from "./window.ts";

const AT_ONCE = 100;
const MARK = "data: ";
const END = "\n\n";

/** Milliseconds on the clock all processes of the machine share. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function listening(window: Window): Read {
  let carry = "";
  return (buffer, length) => {
    let text = buffer.toString("latin1", 0, length);
    if (carry !== "") text = carry + text;
    let pos = 0;
    for (;;) {
      const at = text.indexOf(MARK, pos);
      const end = at < 0 ? -1 : text.indexOf(END, at);
      if (end < 0) break;
      const stamp = Number.parseFloat(text.slice(at + MARK.length, end));
      if (Number.isNaN(stamp)) window.wrong(`an event without its time: ${text.slice(at, end)}`);
      else window.done(1, now() - stamp);
      pos = end + END.length;
    }
    // An event cut in two; what frames the chunks is no event.
    const open = text.indexOf("d", pos);
    carry = open < 0 ? "" : text.slice(open);
  };
}

async function open(orders: Orders, n: number, window: Window): Promise<void> {
  const line: Line = await openLine(orders.port, n, (why) => window.wrong(why));
  line.socket.write(`GET ${orders.path} HTTP/1.1\r\nHost: bench\r\nAccept: text/event-stream\r\n\r\n`);
  const head = await readHead(line, listening(window));
  if (!head.startsWith("HTTP/1.1 200 ")) throw new Error(`the stream was answered with ${head.slice(0, 60)}`);
}

async function main(): Promise<void> {
  const orders = readOrders();
  const window = new Window(orders);
  await each(orders.connections, AT_ONCE, (n) => open(orders, n, window));
  await window.run();
}

main().catch(giveUp);
