// An event-stream backend over node:net: two events a second on every stream, each with the time it was sent at.
import { createServer, type Socket } from "node:net";

const CYCLE_MS = 500;
const TICK_MS = 4;
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const PAD = "x".repeat(80);

const streams: Socket[] = [];

function serve(socket: Socket): void {
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    const at = streams.indexOf(socket);
    const last = streams.pop();
    if (last !== undefined && last !== socket && at !== -1) streams[at] = last;
  });
  socket.once("data", () => {
    socket.write(HEAD);
    streams.push(socket);
  });
}

/** Every stream has its own place in the half second, so that the events are spread over it. */
let position = 0;
let lastAt = performance.now();

function tick(): void {
  const now = performance.now();
  const { length } = streams;
  position += (Math.min(now - lastAt, CYCLE_MS) / CYCLE_MS) * length;
  lastAt = now;
  const due = Math.min(Math.floor(position), length);
  position -= due;
  for (let n = 0; n < due; n++) {
    next = next + 1 < length ? next + 1 : 0;
    const stamp = (Number(process.hrtime.bigint()) / 1e6).toFixed(3);
    const event = `data: ${stamp} ${PAD}\n\n`;
    streams[next]!.write(`${event.length.toString(16)}\r\n${event}\r\n`, "latin1");
  }
}
let next = 0;

setInterval(tick, TICK_MS);
createServer({ noDelay: true }, serve).listen(Number(process.argv[2]), "127.0.0.1", 4096);
