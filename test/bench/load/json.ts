// HTTP/1.1 load with JSON bodies: every connection asks, waits for the whole answer and asks again.
import { JSON_MESSAGE } from "../message.ts";
import { each, openLine } from "./open-socket.ts";
import { giveUp, type Orders, readOrders, Window } from "./window.ts";

const AT_ONCE = 16;

async function open(orders: Orders, n: number, window: Window): Promise<void> {
  const line = await openLine(orders.port, n, (why) => window.wrong(why));
  const question = Buffer.from(
    `POST ${orders.path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nx-tenant: blue\r\nContent-Length: ${JSON_MESSAGE.length}\r\n\r\n${JSON_MESSAGE}`,
  );
  let text = "";
  let sentAt = 0;
  const ask = () => {
    sentAt = performance.now();
    line.socket.write(question);
  };
  line.read = (buffer, length) => {
    text += buffer.toString("latin1", 0, length);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const bytes = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? Number.NaN);
    if (text.length < end + 4 + bytes) return;
    if (!text.startsWith("HTTP/1.1 200 ") || text.slice(end + 4) !== JSON_MESSAGE) window.wrong(`answered: ${text}`);
    else window.done(1, performance.now() - sentAt);
    text = "";
    ask();
  };
  ask();
}

async function main(): Promise<void> {
  const orders = readOrders();
  const window = new Window(orders);
  await each(orders.connections, AT_ONCE, (n) => open(orders, n, window));
  await window.run();
}

main().catch(giveUp);
